import { EmbeddedPostgresError } from './postgres-error.js';

/** Small enough for a laptop, safe for money: fsync and synchronous_commit stay on. */
const DEFAULTS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  // No socket file: its path is limited to 107 bytes and its usual folder is shared with everybody.
  unix_socket_directories: '',
  max_connections: '60',
  shared_buffers: '128MB',
  maintenance_work_mem: '128MB',
  max_wal_size: '2GB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  jit: 'off',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
};

/** For test servers that are thrown away: nothing here changes what a transaction means while the machine is up. */
export const FAST_TEST_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  autovacuum_naptime: '1h',
  log_checkpoints: 'off',
};

/** Command-line options for `pg_ctl -o`, which a shell takes apart: names and values are checked, values quoted. */
export function serverOptions(port: number, settings: Readonly<Record<string, string>>): string {
  const all = { ...DEFAULTS, ...settings, port: String(port) };
  const quote = process.platform === 'win32' ? '"' : "'";
  return Object.entries(all)
    .map(([name, value]) => {
      if (!/^[a-z][a-z0-9_.]*$/.test(name) || /["'\\\n\r%]/.test(value)) {
        throw new EmbeddedPostgresError('PG_SETTING', `${name}=${value} is not a setting that can be passed on.`);
      }
      return `-c ${name}=${quote}${value}${quote}`;
    })
    .join(' ');
}
