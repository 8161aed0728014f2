import { expect } from 'chai'
import { hostOf } from '../../src/rpc/caller-host.ts'

describe('rpc/caller-host', () => {
  it('counts a whole IPv6 network of 64 bits as one host, however its addresses are written', () => {
    const same = ['2001:db8::1', '2001:db8:0:0:ffff:ffff:ffff:ffff', '2001:0DB8:0::2%eth0', '2001:db8::5:6:192.0.2.1']
    expect(new Set(same.map(hostOf))).to.deep.equal(new Set(['2001:db8:0:0::/64']))
    expect(hostOf('2001:db8:0:1::1')).to.equal('2001:db8:0:1::/64')
    expect(hostOf('::1')).to.equal('0:0:0:0::/64')
    expect(hostOf('1::')).to.equal('1:0:0:0::/64')
    expect(hostOf('1:2:3:4:5:6:7::')).to.equal('1:2:3:4::/64')
  })

  it('knows each IPv4 address by itself, also inside an IPv6 one', () => {
    expect(hostOf('192.0.2.1')).to.equal('192.0.2.1')
    expect(hostOf('::ffff:192.0.2.2')).to.equal('192.0.2.2')
    expect(hostOf(undefined)).to.equal('unknown')
  })
})
