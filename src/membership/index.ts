export { Heartbeats, type HeartbeatPorts, type SelfDescription } from './heartbeats.js';
