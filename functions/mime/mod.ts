/**
 * Messages: what a person wrote becomes octets that every relay and every reader takes the same way.
 *
 * `message` puts a message together from three things. Its header passes `header`, the one gate, field by field: what
 * would be read as something else is refused there; text beyond ASCII goes through `encoded-word` and `parameter`, and
 * `folding` keeps lines short; `list-fields` are those of mailing lists. Its body is a tree made by `multipart`: texts (`text-body`, which measures, then takes 7bit by
 * `seven-bit`, `quoted-printable` or `base64`; an event is looked at by `calendar`) and files (`attachment`, encoded once and shared by all mails), set apart by the
 * boundaries of `boundary`, which cannot occur in them. `dkim/` signs what is ready, in a piece in front. Time comes in by argument; nothing here is random.
 */
export {
  type Attachment,
  type EncodedContent,
  type EncodedPart,
  encodeAttachment,
  encodeContent,
} from './attachment.ts';
export { alignedKeys, DkimSigner } from './dkim/signer.ts';
export {
  DkimKeyError,
  type DkimRecord,
  dkimDomain,
  dkimRecord,
  dkimSelector,
  readSigningKey,
  type SigningKey,
} from './dkim/signing-key.ts';
export { BodyError, ComposeError, HeaderError } from './errors.ts';
export { type MailingList, parseListId } from './list-fields.ts';
export { mediaTypeOf } from './media-type.ts';
export {
  composeMessage,
  type Letter,
  type Letterhead,
  type MailData,
  type Message,
  MessageComposer,
} from './message.ts';
