// A button that cannot be taken back acts only on a second click, soon after the first.

const CONFIRM_FOR = 4_000;

/** `ask()` gives the question to put before it acts, or nothing where it may act at once. */
function confirming(it, ask, act) {
  let timer;
  let words;
  const rest = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    setText(it, words);
  };
  it.addEventListener("click", () => {
    const question = ask();
    if (question && timer === undefined) {
      words = it.textContent;
      setText(it, question);
      timer = setTimeout(rest, CONFIRM_FOR);
      return;
    }
    rest();
    act();
  });
  return it;
}
