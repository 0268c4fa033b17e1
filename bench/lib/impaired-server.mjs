/** A server at the other end of an impaired path. */
import { ImpairedNetwork, SERVER_ADDRESS } from './impaired-network.mjs';
import { startJavascriptServer } from './javascript-server.mjs';

/**
 * @param {string} program file in bench/servers
 * @param {import('./impaired-network.mjs').Impairment} impairment
 * @returns {import('./server.mjs').StartServer}
 */
export const startImpairedServer = (program, impairment) => async (site) => {
  const network = await ImpairedNetwork.start(impairment);
  try {
    const command = network.server.command.bind(network.server);
    const server = await startJavascriptServer(program, 0, { host: SERVER_ADDRESS, command })(site);
    return {
      ...server,
      stop: async () => {
        await server.stop();
        await network.stop();
      },
      path: {
        clientCommand: network.client.command.bind(network.client),
        beginRun: async (round) => {
          const { overflowed } = await network.reseed(round);
          if (overflowed > 0) throw new Error(`the impaired path lost ${overflowed} packets that it should not have`);
        },
      },
    };
  } catch (error) {
    await network.stop();
    throw error;
  }
};
