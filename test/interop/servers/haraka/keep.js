// A Haraka plugin: refuses the recipients that a test wants refused, and lays every other mail into a folder.
const fs = require('node:fs');
const path = require('node:path');

const folder = process.env.KEEP_IN;

exports.hook_rcpt = (next, _connection, [recipient]) => {
  const user = recipient.user;
  if (user === 'bounce') return next(DENY, 'no such user');
  if (user === 'later') return next(DENYSOFT, 'try again later');
  next(recipient.host === 'mail.test' ? OK : DENY);
};

exports.hook_queue = (next, connection) => {
  const { transaction } = connection;
  const file = path.join(folder, transaction.uuid);
  const arriving = fs.createWriteStream(`${file}.arriving`);
  arriving.on('close', () => {
    fs.renameSync(`${file}.arriving`, `${file}.eml`);
    next(OK);
  });
  transaction.message_stream.pipe(arriving, { line_endings: '\r\n' });
};

// Whoever has logged in is relaying, in Haraka's eyes: that mail comes here.
exports.hook_queue_outbound = exports.hook_queue;
