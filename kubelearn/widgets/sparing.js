// Drawing that a storm of changes cannot make the browser choke on.

const CHEAP = 25; // ms: what is drawn so quickly is drawn at once
const REST = 4; // else it takes a fifth of the time at most

/** A function that draws soon: `draw()` changes what is in `area`, and what it costs, the layout
 * included, decides how soon it may draw again. */
function sparing(area, draw) {
  let timer;
  let free = 0;
  const run = () => {
    timer = undefined;
    const started = performance.now();
    draw();
    void area.offsetHeight; // the browser would lay it out later, unmeasured
    const cost = performance.now() - started;
    free = cost < CHEAP ? 0 : performance.now() + REST * cost;
  };
  return () => {
    if (timer !== undefined) return;
    const wait = free - performance.now();
    if (wait > 0) timer = setTimeout(run, wait);
    else run();
  };
}
