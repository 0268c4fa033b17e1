import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One record of a qlog file; `data` is what the event's name says (draft-ietf-quic-qlog-quic-events). */
export interface QlogEvent {
  readonly time: number;
  readonly name: string;
  readonly data: {
    readonly header?: { readonly packet_type?: string; readonly packet_number?: number };
    readonly frames?: readonly { readonly frame_type: string; readonly stream_id?: number }[];
  };
}

/** A connection's qlog: the header record, and the events. */
export interface Qlog {
  readonly file: string;
  readonly header: {
    readonly qlog_version: string;
    readonly trace: { readonly vantage_point: { readonly type: string } };
  };
  readonly events: readonly QlogEvent[];
}

/** Separates the records of a JSON text sequence (RFC 7464). */
const RECORD_SEPARATOR = '\u001e';

/**
 * Reads all qlog files of a folder, by name.
 * @throws SyntaxError for a file that is no JSON text sequence
 */
export async function readQlogs(directory: string): Promise<Qlog[]> {
  const names = (await readdir(directory)).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(directory, name), 'utf8');
      const [empty, ...records] = text.split(RECORD_SEPARATOR);
      if (empty !== '') throw new SyntaxError(`${name} does not begin with a record separator`);
      const [header, ...events] = records.map((record) => JSON.parse(record) as unknown);
      return { file: name, header: header as Qlog['header'], events: events as QlogEvent[] };
    }),
  );
}

/** Types of the packets that the connection sent: `initial`, `handshake`, `0RTT`, `1RTT` … in order. */
export function sentPacketTypes({ events }: Qlog): string[] {
  return events
    .filter(({ name }) => name.endsWith('packet_sent'))
    .map(({ data }) => data.header?.packet_type ?? '(none)');
}
