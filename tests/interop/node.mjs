// A js-libp2p node that takes the commands of p2p_node.cpp on stdin and answers a line each on stdout:
//   dial ADDRESS -> dialled ID AGENT | ping -> pong | echo SIZE -> echoed SIZE | send PROTOCOL BASE64 -> got BASE64
//   handle PROTOCOL BASE64 -> handling (the answer to each message) | received PROTOCOL -> received BASE64…
//   dials NUMBER ADDRESS | asks NUMBER | upload SIZE -> measured NANOSECONDS…
//   quit. Anything that fails answers "error WHY".
import './polyfill.mjs'

import { createInterface } from 'node:readline'

const { createLibp2p } = await import('libp2p')
const { tcp } = await import('@libp2p/tcp')
const { noise } = await import('@chainsafe/libp2p-noise')
const { yamux } = await import('@libp2p/yamux')
const { identify } = await import('@libp2p/identify')
const { ping } = await import('@libp2p/ping')
const { multiaddr } = await import('@multiformats/multiaddr')

const ECHO = '/interop/echo/1.0.0'
const say = line => process.stdout.write(line + '\n')

const node = await createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: { identify: identify(), ping: ping() },
  connectionManager: { inboundConnectionThreshold: 1000 }
})

// Everything that the other side says. A FIN may have come before anybody listens for it.
function readAll (stream) {
  return new Promise((resolve, reject) => {
    const parts = []
    const done = () => resolve(Buffer.concat(parts))
    stream.addEventListener('message', event => parts.push(Buffer.from(event.data.subarray())))
    stream.addEventListener('remoteCloseWrite', done)
    stream.addEventListener('close', event => event.error ? reject(event.error) : done())
    if (stream.remoteWriteStatus === 'closed') done()
  })
}

async function writeAll (stream, bytes) {
  for (let at = 0; at < bytes.length; at += 65536) {
    if (!stream.send(bytes.subarray(at, at + 65536))) await stream.onDrain()
  }
  await stream.close()
}

const limits = { maxInboundStreams: 1000, maxOutboundStreams: 1000 }
await node.handle(ECHO, async stream => {
  const bytes = await readAll(stream)
  await writeAll(stream, bytes)
}, limits)

// Answers when all has come, and has kept nothing of it.
function reply (size) {
  return async stream => {
    await new Promise((resolve, reject) => {
      stream.addEventListener('message', () => {})
      stream.addEventListener('remoteCloseWrite', resolve)
      stream.addEventListener('close', event => event.error ? reject(event.error) : resolve())
      if (stream.remoteWriteStatus === 'closed') resolve()
    })
    await writeAll(stream, Buffer.alloc(size, 'a'))
  }
}
const ANSWER = '/interop/answer/1.0.0'
const SINK = '/interop/sink/1.0.0'
await node.handle(ANSWER, reply(100 << 10), limits)
await node.handle(SINK, reply(1), limits)

async function measured (number, work) {
  const times = []
  for (let i = 0; i < number; i++) {
    const began = process.hrtime.bigint()
    await work()
    times.push(process.hrtime.bigint() - began)
  }
  return ['measured', ...times].join(' ')
}

async function exchange (protocol, message) {
  const stream = await connection.newStream(protocol, limits)
  const answer = readAll(stream)
  await writeAll(stream, message)
  return answer
}

function pattern (size) {
  const bytes = Buffer.alloc(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + Math.floor(i / 257)) & 0xff
  return bytes
}

const received = {}
let connection
const commands = {
  async handle (protocol, base64) {
    received[protocol] = []
    const answer = Buffer.from(base64 ?? '', 'base64')
    await node.handle(protocol, async stream => {
      received[protocol].push(await readAll(stream))
      await writeAll(stream, answer)
    }, limits)
    return 'handling'
  },
  async received (protocol) {
    return ['received', ...received[protocol].map(one => one.toString('base64'))].join(' ')
  },
  async dial (address) {
    // It identifies every connection by itself, and one at a time.
    const identified = new Promise(resolve => node.addEventListener('peer:identify', event => resolve(event.detail), { once: true }))
    connection = await node.dial(multiaddr(address))
    const result = await identified
    return `dialled ${connection.remotePeer} ${result.agentVersion}`
  },
  async ping () {
    await node.services.ping.ping(connection.remotePeer)
    return 'pong'
  },
  async echo (size) {
    const message = pattern(Number(size))
    const stream = await connection.newStream(ECHO, limits)
    const answer = readAll(stream)
    await writeAll(stream, message)
    if (!message.equals(await answer)) throw new Error('the answer differs')
    return `echoed ${size}`
  },
  async dials (number, address) {
    const target = multiaddr(address)
    const times = []
    for (let i = 0; i < Number(number); i++) {
      const began = process.hrtime.bigint()
      const one = await node.dial(target)
      times.push(process.hrtime.bigint() - began)
      await one.close()
    }
    return ['measured', ...times].join(' ')
  },
  async asks (number) {
    const question = Buffer.alloc(4 << 10, 'q')
    return measured(Number(number), () => exchange(ANSWER, question))
  },
  async upload (size) {
    const message = Buffer.alloc(Number(size), 'q')
    return measured(1, () => exchange(SINK, message))
  },
  async send (protocol, base64) {
    const stream = await connection.newStream(protocol, limits)
    const answer = readAll(stream)
    await writeAll(stream, Buffer.from(base64 ?? '', 'base64'))
    return `got ${(await answer).toString('base64')}`
  }
}

for (const address of node.getMultiaddrs()) say(`listening ${address}`)
for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...rest] = line.split(' ')
  if (name === 'quit') break
  try {
    say(await commands[name](...rest))
  } catch (error) {
    say(`error ${String(error.message ?? error).split('\n')[0]}`)
  }
}
await node.stop()
process.exit(0)
