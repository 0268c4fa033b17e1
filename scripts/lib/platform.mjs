/** The first check of all. Written so that an old Node can still parse it and say what is wrong. */

const MINIMUM_NODE = '20.18.1';

/** Ends the process with a message if this Node cannot run the set-up. */
export function checkPlatform() {
  const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number);
  const isOld = major < 20 || (major === 20 && (minor < 18 || (minor === 18 && patch < 1)));
  if (!isOld) return;
  const message = `necko-http3 needs Node ${MINIMUM_NODE} or newer; this is ${process.versions.node} (${process.execPath})`;
  process.stderr.write(`${message}.\n`);
  process.exit(1);
}
