/** juice without its loader of remote style sheets; its package describes the other entry alone. */
declare module 'juice/client' {
  import juice from 'juice';
  export default juice;
}
