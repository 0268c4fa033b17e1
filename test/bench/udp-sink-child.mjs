/**
 * Receives numbered datagrams until one says "end", of which several are sent as some may be lost; prints the numbers as JSON. Says
 * "listening" first. Arguments: address, port.
 */
import { createSocket } from 'node:dgram';

const [, , address, port] = process.argv;
/** @type {number[]} */
const received = [];
const socket = createSocket('udp4', (message) => {
  if (message.toString() !== 'end') {
    received.push(Number(message.toString()));
    return;
  }
  process.stdout.write(`${JSON.stringify(received)}\n`);
  socket.close();
});
socket.bind(Number(port), address, () => process.stdout.write('listening\n'));
