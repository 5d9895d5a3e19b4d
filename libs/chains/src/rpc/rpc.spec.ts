import { createServer, type Server } from 'node:http';

import { ChainError } from '../chain-error.js';
import { EndpointPool } from './endpoint-pool.js';
import { JsonRpcEndpoint } from './json-rpc.endpoint.js';
import { faultOf, LogRangeError, RevertError } from './rpc-fault.js';
import { scrub } from './scrub.js';

const signal = (): AbortSignal => AbortSignal.timeout(5_000);

describe('what a node says when it cannot', () => {
  it.each([
    ['missing trie node 1a2b (path ) state 0x1a is not available', '-32000', 'STATE_PRUNED'],
    ['required historical state unavailable (reexec=128)', '-32000', 'STATE_PRUNED'],
    ['state is not available, archive node required', '-32000', 'STATE_PRUNED'],
    ['header not found', '-32000', 'BLOCK_UNKNOWN'],
    ['unknown block', '-39001', 'BLOCK_UNKNOWN'],
    ['hash 0x12 is not currently canonical', '-32000', 'BLOCK_UNKNOWN'],
    ['daily request limit reached', '-32005', 'RATE_LIMITED'],
    ['Your app has exceeded its compute units per second capacity', '429', 'RATE_LIMITED'],
    ['whatever this is', '-32005', 'RATE_LIMITED'],
    ['request timed out', '-32000', 'TIMEOUT'],
    ['the method eth_foo does not exist/is not available', '-32601', 'REFUSED'],
    ['internal error', '-32603', 'BAD_ANSWER'],
  ])('%s (%s) is %s', (message, code, expected) => {
    const fault = faultOf('bnb', 'endpoint 1', 'eth_call', { code, message, data: null });
    expect(fault.code).toBe(expected);
    expect(fault).not.toBeInstanceOf(RevertError);
  });

  it.each([
    'query returned more than 10000 results',
    'block range is too wide',
    'exceed maximum block range: 50000',
    'Log response size exceeded',
    'eth_getLogs is limited to a 10,000 range',
  ])('logs: %s asks for fewer blocks', (message) => {
    expect(faultOf('bnb', 'e', 'eth_getLogs', { code: '-32005', message, data: null })).toBeInstanceOf(LogRangeError);
    expect(faultOf('bnb', 'e', 'eth_call', { code: '-32005', message, data: null })).not.toBeInstanceOf(LogRangeError);
  });

  it('a revert is a revert, with its data', () => {
    const fault = faultOf('bnb', 'e', 'eth_call', { code: '3', message: 'execution reverted', data: '0x9811e0c7' });
    expect(fault).toBeInstanceOf(RevertError);
    expect(fault.body.data).toBe('0x9811e0c7');
  });

  it('a stranger puts no URL, no control character and no novel into our logs', () => {
    const said = scrub(`see https://user:key@rpc.example/v3/SECRET?x=1\n\u001b[31mred\u202e ${'x'.repeat(5_000)}`);
    expect(said).not.toMatch(/SECRET|key@|\u001b|\u202e|\n/);
    expect(said.length).toBeLessThan(310);
  });
});

describe('one JSON-RPC endpoint', () => {
  let server: Server;
  let endpoint: JsonRpcEndpoint;
  let answer: (body: { id: number }[] | { id: number }) => unknown;
  let status = 200;

  beforeAll(async () => {
    server = createServer((req, res) => {
      const parts: Buffer[] = [];
      req.on('data', (part: Buffer) => parts.push(part));
      req.on('end', () => {
        const said = answer(JSON.parse(Buffer.concat(parts).toString()) as { id: number });
        const text = typeof said === 'string' ? said : JSON.stringify(said);
        res.writeHead(status, { 'content-type': 'application/json' }).end(text);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const url = `http://127.0.0.1:${port}/SECRET`;
    endpoint = new JsonRpcEndpoint({
      url,
      chain: 'bnb',
      label: 'endpoint 1 of 1',
      timeoutMs: 1_000,
      maxAnswerBytes: 10_000,
      maxBatch: 3,
    });
  });

  afterAll(async () => {
    endpoint.close();
    await new Promise((resolve) => server.close(resolve));
  });

  afterEach(() => (status = 200));

  const ids = (body: unknown): number[] => (body as { id: number }[]).map((one) => one.id);
  const call = (): Promise<unknown> => endpoint.call('eth_x', [], signal());
  const batch = (n: number): Promise<unknown[]> =>
    endpoint.batch(
      Array.from({ length: n }, (_, i) => ({ method: 'eth_x', params: [i] })),
      signal(),
    );

  it('R1: a number in a result keeps every digit', async () => {
    answer = (body) =>
      `{"jsonrpc":"2.0","id":${(body as { id: number }).id},"result":{"amount":123456789012345678901234567890}}`;
    expect(String(((await call()) as Record<string, unknown>)['amount'])).toBe('123456789012345678901234567890');
  });

  it.each<[string, (body: never) => unknown]>([
    ['another id', (body: { id: number }) => ({ id: body.id + 1, result: '0x1' })],
    ['the id as text', (body: { id: number }) => ({ id: String(body.id), result: '0x1' })],
    ['no id', () => ({ result: '0x1' })],
    ['neither result nor error', (body: { id: number }) => ({ id: body.id })],
    ['a list', (body: { id: number }) => [{ id: body.id, result: '0x1' }]],
    ['null', () => null],
    ['bare text', () => '"0x1"'],
    ['two values for one key', (body: { id: number }) => `{"id":${body.id},"result":"0x1","result":"0x2"}`],
    [
      'absurd nesting',
      (body: { id: number }) => `{"id":${body.id},"result":${'['.repeat(4_000)}${']'.repeat(4_000)}}`.slice(0, 9_000),
    ],
    ['more bytes than allowed', (body: { id: number }) => ({ id: body.id, result: 'f'.repeat(20_000) })],
  ])('R19: %s is BAD_ANSWER', async (_, make) => {
    answer = make as typeof answer;
    const outcome = call();
    if (_ === 'absurd nesting') await outcome.catch((error: unknown) => expect(error).toBeInstanceOf(ChainError));
    else await expect(outcome).rejects.toMatchObject({ code: 'BAD_ANSWER', retryable: true });
  });

  it('a result of null is a result: what it means is decided where it was asked for', async () => {
    answer = (body) => ({ id: (body as { id: number }).id, result: null });
    expect(await call()).toBeNull();
  });

  it('a batch is split, and put in order by id', async () => {
    let requests = 0;
    answer = (body) => {
      requests += 1;
      return (body as unknown as { id: number; params: number[] }[])
        .map((one) => ({ id: one.id, result: one.params[0] }))
        .reverse();
    };
    expect((await batch(7)).map(String)).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    expect(requests).toBe(3);
  });

  it.each<[string, (all: number[]) => unknown]>([
    ['one missing', (all) => all.slice(1).map((id) => ({ id, result: '0x1' }))],
    ['one twice', (all) => [...all, all[0]].map((id) => ({ id, result: '0x1' }))],
    ['a stranger among them', (all) => [...all, 5].map((id) => ({ id, result: '0x1' }))],
    ['not a list', () => ({ result: [] })],
  ])('R19: a batch with %s is BAD_ANSWER', async (_, make) => {
    answer = (body) => make(ids(body));
    await expect(batch(3)).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  });

  it('a node that refuses a whole batch is heard', async () => {
    answer = () => ({ id: null, error: { code: -32005, message: 'rate limit exceeded' } });
    await expect(batch(2)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it.each([
    [429, 'RATE_LIMITED'],
    [401, 'REFUSED'],
    [404, 'BAD_ANSWER'],
    [301, 'BAD_ANSWER'],
    [502, 'UNREACHABLE'],
    [504, 'TIMEOUT'],
  ])('HTTP %s is %s, and the URL stays out of the error', async (code, expected) => {
    status = code;
    answer = () => '<html>https://rpc.example/SECRET</html>';
    const failure = await call().catch((error: unknown) => error as ChainError);
    expect(failure).toMatchObject({ code: expected });
    expect(String((failure as ChainError).message)).not.toMatch(/SECRET|127\.0\.0\.1/);
  });
});

describe('several endpoints', () => {
  const fail = (code: ConstructorParameters<typeof ChainError>[0]) => () =>
    Promise.reject(new ChainError(code, 'bnb', code));
  const pool = (endpoints: string[], check = async (): Promise<void> => undefined) =>
    new EndpointPool<string>({ chain: 'bnb', endpoints, check, recheckMs: 60_000, coolDownMs: 60_000 });

  it('work is done again from its beginning on the next one, and the failed one is asked last from then on', async () => {
    const asked: string[] = [];
    const two = pool(['a', 'b']);
    const work = async (endpoint: string): Promise<string> => {
      asked.push(endpoint);
      if (endpoint === 'a') await fail('UNREACHABLE')();
      return endpoint;
    };
    expect(await two.run(signal(), work)).toBe('b');
    expect(await two.run(signal(), work)).toBe('b');
    expect(asked).toEqual(['a', 'b', 'b']);
  });

  it('R19: all failing is an error that names each, retryable if any may recover', async () => {
    const work = (endpoint: string): Promise<never> => fail(endpoint === 'a' ? 'STATE_PRUNED' : 'TIMEOUT')();
    await expect(pool(['a', 'b']).run(signal(), work)).rejects.toMatchObject({
      code: 'TIMEOUT',
      retryable: true,
      message: expect.stringContaining('STATE_PRUNED'),
    });
  });

  it('an endpoint of another chain is never asked for anything', async () => {
    const check = (endpoint?: string): Promise<void> => (endpoint === 'a' ? fail('WRONG_CHAIN')() : Promise.resolve());
    const asked: string[] = [];
    await pool(['a', 'b'], check).run(signal(), async (endpoint) => void asked.push(endpoint));
    expect(asked).toEqual(['b']);
  });

  it.each(['IDENTITY_BROKEN', 'ENDPOINTS_DISAGREE'] as const)('R19: %s is a finding, not a failover', async (code) => {
    let asked = 0;
    const work = (): Promise<never> => {
      asked += 1;
      return fail(code)();
    };
    await expect(pool(['a', 'b']).run(signal(), work)).rejects.toMatchObject({ code });
    expect(asked).toBe(1);
  });

  it('a bug is a bug at once, on no other endpoint', async () => {
    await expect(pool(['a', 'b']).run(signal(), () => Promise.reject(new TypeError('oops')))).rejects.toThrow(
      TypeError,
    );
  });

  it('an abort ends it, whatever endpoints are left', async () => {
    const stop = new AbortController();
    const work = async (): Promise<never> => {
      stop.abort(new Error('enough'));
      return fail('UNREACHABLE')();
    };
    await expect(pool(['a', 'b']).run(stop.signal, work)).rejects.toThrow('enough');
  });

  it('R13: a second endpoint that contradicts outright is not overlooked', async () => {
    const work = (endpoint: string): Promise<number> =>
      endpoint === 'a' ? Promise.resolve(1) : fail('IDENTITY_BROKEN')();
    await expect(pool(['a', 'b']).runOnTwo(signal(), work)).rejects.toMatchObject({ code: 'IDENTITY_BROKEN' });
    const silent = (endpoint: string): Promise<number> => (endpoint === 'a' ? Promise.resolve(1) : fail('TIMEOUT')());
    expect(await pool(['a', 'b']).runOnTwo(signal(), silent)).toEqual({ first: 1, second: null });
    expect(await pool(['a', 'b']).runOnTwo(signal(), async () => 2)).toEqual({ first: 2, second: 2 });
  });
});
