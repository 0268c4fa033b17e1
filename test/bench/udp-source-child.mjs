/** Sends numbered datagrams, then "end" several times. Arguments: address, port, how many. */
import { createSocket } from 'node:dgram';

const [, , address, port, count] = process.argv;
const ENDS = 20;
const socket = createSocket('udp4');
socket.on('error', () => undefined);
socket.connect(Number(port), address, async () => {
  const texts = [...Array.from({ length: Number(count) }, (_, index) => String(index)), ...Array(ENDS).fill('end')];
  for (const text of texts) await new Promise((resolve) => socket.send(text, resolve));
  socket.close();
});
