// An RP2040 (rp2040js) that gets the register writes which board.py made, in their order, then runs for a while. Its
// converter reads 0, 4, 8, … modulo 4,096. JSON on standard input: {writes: [[address, word], …], milliseconds: […]};
// on standard output, for each time: {write: where DMA stands, ring: the 1,024 half-words at `ring`}.
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";

const {RP2040} = createRequire(new URL("../../firmware/webassembly/package.json", import.meta.url))("rp2040js");
const CHANNEL_0_WRITE_ADDR = 0x50000004;

const {writes, milliseconds, ring} = JSON.parse(readFileSync(0));
const chip = new RP2040();
let taken = 0;
chip.adc.onADCRead = () => {
  chip.adc.channelValues[0] = 4 * taken++ % 4096;
  chip.adc.currentChannel = 0;
  chip.adc.sampleAlarm.schedule(2000);
};
for (const [address, word] of writes) chip.writeUint32(address, word);
const seen = milliseconds.map((time) => {
  chip.clock.tick(time * 1e6 - chip.clock.nanos);
  const halves = Array.from({length: 1024}, (_, i) => chip.readUint16(ring + 2 * i));
  return {write: chip.readUint32(CHANNEL_0_WRITE_ADDR), ring: halves};
});
console.log(JSON.stringify(seen));
