/** The head of docs/peers.md: what its tables are of, and how to make them again. */
export const introduction = `# Beside its peers

What \`npm run bench -- peers --write\` measured on a two-core virtual machine; it wrote this page, too. All load generators
take turns in one run, each round in another order, against one server on the same machine, and share its two cores with it.

- Every generator sends the same texts in the same order: the shipped payload, one text a request, as JSON of the Open
  Inference Protocol; against the server without work one text alone, because autocannon is faster so. In the closed
  loop each connection sends its next request when the last one is answered.
- Node runs code faster that has run before, and our worker measures its own overhead before a load. So autocannon, too, first
  loads a server that answers at once, one second that is dropped.
- RPS and latencies are each program's own figures. autocannon counts whole milliseconds and gives no p95, so p90 and p97.5
  stand there.
- CPU is user and system time of the load generator's processes: of wrk, vegeta and perf_analyzer from start to end,
  of the two that run on Node without Node's own start. perf_analyzer's is divided by all requests that it sent, by
  Triton's count, and not only by those in its windows.
- perf_analyzer sends and asks for JSON tensors, as the others do, and reports its last three windows, which together are as
  long as the others' loads; it is not asked for stable windows, because that would give it more time than the others.
  Its release is that of the Triton that runs here, and the last one that runs with glibc 2.36.
- Triton runs the text classifier as the local target starts it: two instances of one thread each, dynamic batching.
  The tiny model is the shipped one. The full-size model is a DistilBERT of 67 million parameters with random weights,
  made on the machine: what it answers means nothing, what it costs is what the real one costs. It is asked one request at
  a time. With four in flight Triton batches those that happen to wait together: the ratio of p95 in a run of that kind,
  five pairs of 12 s, was 0.917 with an interval of 0.806 to 1.043, which does not decide whether it is within 0.9 to 1.1.
- A target is met or missed only where the whole 95 % interval of the ratio says so, and not decided otherwise. The interval is
  Student's, of the logarithms of the pairs' ratios.`.split('\n');
