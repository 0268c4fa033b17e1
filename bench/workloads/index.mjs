/** All workloads, in the order in which they run. */
import { downloadOfPeers } from './download-of-peers.mjs';
import { fetchWorkloads } from './fetch.mjs';
import { impairedDownloads } from './impaired-downloads.mjs';
import { largeDownloads } from './large-download.mjs';
import { newConnections } from './new-connections.mjs';
import { serverWorkloads } from './server.mjs';
import { smallRequestWorkloads } from './small-requests.mjs';
import { webTransportWorkloads } from './webtransport.mjs';

/**
 * @param {boolean} quick on small sizes
 * @returns {import('../lib/workload.mjs').Workload[]}
 */
export const allWorkloads = (quick) => [
  ...largeDownloads(quick),
  downloadOfPeers(quick),
  ...smallRequestWorkloads(quick),
  newConnections(quick),
  ...fetchWorkloads(quick),
  impairedDownloads(quick),
  ...serverWorkloads(quick),
  ...webTransportWorkloads(quick),
];
