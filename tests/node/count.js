// Counts the parts of the texts on standard input (a JSON list): [with split-sms, of every third with the calculator].
"use strict";
const { SegmentedMessage } = require("sms-segments-calculator");
const { split } = require("split-sms");

let input = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => { input += chunk; });
process.stdin.on("end", () => {
  const texts = JSON.parse(input);
  const third = texts.filter((_, index) => index % 3 === 0); // it takes a millisecond and more for each
  const counted = [texts.map((text) => split(text).parts.length), third.map((text) => new SegmentedMessage(text).segmentsCount)];
  process.stdout.write(JSON.stringify(counted));
});
