/**
 * Where the frames of one connection leave. A `HedgeSocket` is a sink, and so is a `PeerLink`, which has a socket only
 * later. A member that asks itself has a sink for each direction.
 */
export interface FrameSink {
  /** The longest frame that it takes, in UTF-16 units. */
  readonly maxFrameLength: number;
  /** Bytes that wait to leave; `Infinity` while nothing can leave. */
  readonly waitingBytes: number;
  /**
   * Sends a text that is JSON already.
   * @returns whether it leaves: false when the connection is closed, or while the frame waits for its tick
   */
  sendFrame(json: string): boolean;
}
