import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Problem } from '@app/platform';
import { z } from 'zod';
import { amountText, instantText } from '../http/fields.js';
import { refused, tokenUnknown } from '../http/problems.js';
import { PricesService, type PricesOutcome } from './prices.service.js';

const MAX_PRICES = 1_000;
const BODY = z.strictObject({
  at: instantText,
  prices: z
    .record(z.string(), amountText, { error: 'INVALID: an object of prices by token' })
    .refine((prices) => Object.keys(prices).length > 0, 'BATCH_EMPTY: there is no price')
    .refine((prices) => Object.keys(prices).length <= MAX_PRICES, `BATCH_TOO_LARGE: at most ${MAX_PRICES} prices`)
    .meta({ description: 'USDT for one whole token', example: { BNB: '600.1' } }),
});

@ApiTags('Prices')
@Controller('v1/prices')
export class PricesController {
  constructor(private readonly prices: PricesService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Prices of one instant; for display only, no reward depends on them' })
  async store(@Body({ schema: BODY }) body: z.output<typeof BODY>) {
    const outcome = await this.prices.store(body.at, body.prices);
    if (outcome.kind !== 'stored') throw problemOf(outcome);
    return { accepted: outcome.accepted, duplicates: outcome.duplicates };
  }
}

function problemOf(outcome: Exclude<PricesOutcome, { kind: 'stored' }>): Problem {
  switch (outcome.kind) {
    case 'token-unknown':
      return tokenUnknown(outcome.name, outcome.known, 422, `/prices/${outcome.name.slice(0, 20)}`);
    case 'token-twice':
      return refused(
        422,
        'BATCH_DUPLICATE',
        `${outcome.names.join(' and ')} are the same token`,
        `/prices/${outcome.names[1]}`,
      );
    case 'price-refused':
      return refused(400, outcome.code, outcome.detail, `/prices/${outcome.name}`);
    case 'said-otherwise':
      return refused(409, 'PRICE_CONFLICT', `another price was given for this time: ${outcome.tokens.join(', ')}`);
  }
}
