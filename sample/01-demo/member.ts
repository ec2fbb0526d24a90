// Whatever ends the cluster script ends its members: none is left behind, holding a port.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));

await import('./main.js');
