import { Webhook } from 'standardwebhooks';

export const SECRET = 'whsec_' + Buffer.from('a secret that only specs know, 32').toString('base64');

export interface TestCredit {
  readonly id: string;
  readonly user: string;
  readonly amount: string;
  readonly kind: string;
}

/** Posts a batch as the settlement does: signed, with its count and sum. `total` is the caller's, to be wrong too. */
export async function postCredits(
  url: string,
  batch: { day: string; total: string; credits: readonly TestCredit[]; count?: number; token?: string },
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; json: Record<string, unknown> }> {
  const body = JSON.stringify({
    batch: `${batch.day}.BNB.reward.b1`,
    token: 'BNB',
    count: batch.credits.length,
    ...batch,
  });
  const at = new Date();
  const response = await fetch(`${url}/credits`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': 'm1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(SECRET).sign('m1', at, body),
      ...headers,
    },
    body,
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

export const reward = (day: string, user: string, amount: string): TestCredit => ({
  id: `${day}.BNB.reward.${user}`,
  user,
  amount,
  kind: 'reward',
});

/** A development verb with the development key. */
export async function dev(url: string, method: 'GET' | 'POST', path: string, body?: unknown) {
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: 'Bearer dev-core-key',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- specs look into whatever came
  return { status: response.status, json: (await response.json()) as Record<string, any> };
}
