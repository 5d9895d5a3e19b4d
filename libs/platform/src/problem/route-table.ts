/** The part of a Fastify instance that is needed to hear of routes. */
export interface RouteSource {
  addHook(name: 'onRoute', hook: (route: { method: string | string[]; url: string }) => void): unknown;
}

/**
 * Remembers every route, so that a known path with another verb is answered 405 with `Allow` rather than 404.
 * Has to be made before the routes are registered: `new RouteTable(adapter.getInstance())` before `app.init()`.
 */
export class RouteTable {
  private readonly routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];

  constructor(source: RouteSource) {
    source.addHook('onRoute', (route) => {
      const methods = [route.method].flat().map((method) => method.toUpperCase());
      this.routes.push({ pattern: patternOf(route.url), methods });
    });
  }

  /** Methods the path of `url` answers to; empty when there is no such path. */
  methodsFor(url: string): readonly string[] {
    const path = url.split('?', 1)[0]!;
    const found = new Set(this.routes.filter((route) => route.pattern.test(path)).flatMap((route) => route.methods));
    return [...found].sort();
  }
}

function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map((part) => {
      if (part === '*') return '.*';
      if (part.startsWith(':')) return '[^/]+';
      return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    })
    .join('/');
  return new RegExp(`^${source}/?$`);
}
