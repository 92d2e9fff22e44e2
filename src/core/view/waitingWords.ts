/**
 * What a topology waits for, in the words of the cluster or of this machine, without the name that stands beside them.
 * @param topology a topology's key (see topologyKey)
 */
export function waitingWords(topology: string, message: string): string {
  const component = topology.replace(/ \(.*$/u, '');
  const own = `${component}: `;
  if (message.startsWith(own)) return message.slice(own.length);
  return message === `Waiting until ${component} is ready` ? 'waiting until it is ready' : message;
}
