// How fast this browser is on this machine, after the idea of Lighthouse's BenchmarkIndex: half of it is how many
// strings of ten thousand letters are built in half a second, which keeps the garbage collector busy; the other half
// is how often a hundred thousand numbers are copied in that time, which does not. Tens of rounds a second.
() => {
  const rate = (round) => {
    const began = performance.now();
    let rounds = 0, passed = 0;
    do {
      round(rounds++);
      passed = performance.now() - began;
    } while (passed < 500);
    return rounds / 10 / (passed / 1000);
  };
  const numbers = Array.from({ length: 100000 }, (_, at) => at);
  const pair = [numbers, [...numbers]];
  const building = rate(() => {
    let text = "";
    for (let letters = 0; letters < 10000; letters++) text += "a";
    if (text.length === 1) throw new Error("kept, so that the loop is not dropped");
  });
  const copying = rate((round) => {
    const [from, to] = round % 2 ? pair : [pair[1], pair[0]];
    for (let at = 0; at < from.length; at++) to[at] = from[at];
  });
  return Math.round((building + copying) / 2);
}
