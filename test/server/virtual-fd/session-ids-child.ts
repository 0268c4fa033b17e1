/** Prints session ids, one a line. Arguments: node number or 'default', count. */
import { defaultSessionIdNode, SessionIds } from '../../../src/server/session-ids.js';

const [node = 'default', count = '1'] = process.argv.slice(2);
const ids = new SessionIds(node === 'default' ? defaultSessionIdNode() : Number(node));
process.stdout.write(`${Array.from({ length: Number(count) }, () => ids.next()).join('\n')}\n`);
