/** Changes a page 200 times, each time from what is there. Argument: folder. */
import { openState } from '#local';

const [folder = ''] = process.argv.slice(2);
const state = openState(folder);
for (let written = 0; written < 200; ) {
  const { rev, holders } = await state.lanes.read('relay');
  if (await state.lanes.write('relay', rev, holders)) written += 1;
}
state.close();
