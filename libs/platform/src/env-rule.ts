import { z } from 'zod';

/** What one name of the environment may hold. */
export type EnvRule = {
  readonly schema: z.ZodType;
  readonly example: string;
  /** The value never appears in a message. */
  readonly secret?: true;
};

export const HTTP = ['http:', 'https:'];

export const integerText = (min: number, max: number, what: string) =>
  z
    .string()
    .regex(/^(0|[1-9][0-9]{0,8})$/, what)
    .transform(Number)
    .refine((value) => value >= min && value <= max, what);

export function isUrl(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}
