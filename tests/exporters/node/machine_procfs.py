"""Procfs of a machine that has everything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.exporters.node.machine_numbers import NUMBERS, numbers

MEMORY: Final = [
    "MemTotal",
    "MemFree",
    "MemAvailable",
    "Buffers",
    "Cached",
    "SwapCached",
    "Active",
    "Inactive",
    "Active(anon)",
    "Inactive(anon)",
    "Active(file)",
    "Inactive(file)",
    "Unevictable",
    "Mlocked",
    "SwapTotal",
    "SwapFree",
    "Zswap",
    "Zswapped",
    "Dirty",
    "Writeback",
    "AnonPages",
    "Mapped",
    "Shmem",
    "KReclaimable",
    "Slab",
    "SReclaimable",
    "SUnreclaim",
    "KernelStack",
    "PageTables",
    "SecPageTables",
    "NFS_Unstable",
    "Bounce",
    "WritebackTmp",
    "CommitLimit",
    "Committed_AS",
    "VmallocTotal",
    "VmallocUsed",
    "VmallocChunk",
    "Percpu",
    "AnonHugePages",
    "ShmemHugePages",
    "ShmemPmdMapped",
    "FileHugePages",
    "FilePmdMapped",
    "Balloon",
    "Hugepagesize",
    "Hugetlb",
    "DirectMap4k",
    "DirectMap2M",
    "DirectMap1G",
]
PAGES: Final = ("HugePages_Total", "HugePages_Free", "HugePages_Rsvd", "HugePages_Surp")
NETSTAT: Final = {
    "TcpExt": "SyncookiesSent SyncookiesRecv SyncookiesFailed ListenOverflows ListenDrops TCPTimeouts TCPSynRetrans",
    "IpExt": "InNoRoutes InOctets OutOctets",
}
SNMP: Final = {
    "Ip": "Forwarding DefaultTTL InReceives",
    "Icmp": "InMsgs InErrors OutMsgs",
    "Tcp": "RtoMin MaxConn ActiveOpens PassiveOpens CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts",
    "Udp": "InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors",
    "UdpLite": "InDatagrams InErrors",
}
SNMP6: Final = [
    "Ip6InOctets",
    "Ip6OutOctets",
    "Icmp6InMsgs",
    "Icmp6InErrors",
    "Icmp6OutMsgs",
    "Udp6InDatagrams",
    "Udp6NoPorts",
    "Udp6InErrors",
    "Udp6OutDatagrams",
    "Udp6RcvbufErrors",
    "Udp6SndbufErrors",
    "UdpLite6InErrors",
]


def pairs(table: Mapping[str, str]) -> str:
    return "".join(f"{name}: {heads}\n{name}: {numbers(len(heads.split()))}\n" for name, heads in table.items())


NET_DEV: Final = (
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
)
UDP_HEAD: Final = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
MDSTAT: Final = """Personalities : [linear] [raid0] [raid1] [raid6] [raid5] [raid4] [raid10]

md0 : active raid0 sda1[0] sdb1[1]
      314159265 blocks 64k chunks

md1 : active raid1 sdi2[0] sdj2[1](F) sdk2[2](S)
      248896 blocks [2/1] [U_]

md2 : active raid6 sdl1[7] sdm1[6] sdn1[5] sdo1[4]
      195310144 blocks super 1.2 level 6, 64k chunk, algorithm 2 [4/3] [UUU_]
      bitmap: 2/15 pages [8KB], 65536KB chunk
      [=>...................]  recovery =  8.5% (16775552/195310144) finish=17.0min speed=259783K/sec

md3 : active raid1 sdp1[0] sdq1[1]
      4186624 blocks super 1.2 [2/2] [UU]
      \tresync=DELAYED

md4 : active raid5 sdr1[0] sds1[1] sdt1[2]
      7813735424 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/3] [UUU]
      [===>.................]  check = 16.7% (654000000/3906867712) finish=300.0min speed=180000K/sec

md5 : inactive sdu[0](S)
      3906886472 blocks super 1.2

unused devices: <none>
"""
IP_VS: Final = """IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  C0A80016:0CEA wlc
  -> C0A85216:0CEA      Tunnel  100    248        2
  -> C0A85318:0CEA      Tunnel  50     47         1
UDP  C0A80037:0CEA wlc
  -> C0A8321A:0CEA      Tunnel  10     1499       3
FWM  10001000 wlc
  -> C0A8321B:0CEA      Route   20     5          4
TCP  [2620:0000:0000:0000:0000:0000:0000:0001]:0050 sh
  -> [2620:0000:0000:0000:0000:0000:0000:0002]:0050      Route   1      6          7
"""
IP_VS_STATS: Final = """   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
 16AA370 E33656E5        1     51D8C8883AB3        2

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       4    1FB3C        0          1282A8F                0
"""
CPUINFO: Final = """processor\t: {0}
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 142
model name\t: A Processor @ 1.80GHz
stepping\t: 10
microcode\t: 0xb4
cpu MHz\t\t: 799.998
cache size\t: 8192 KB
physical id\t: 0
siblings\t: 2
core id\t\t: {0}
cpu cores\t: 2
flags\t\t: fpu vme aes avx avx2
bugs\t\t: cpu_meltdown spectre_v1 mds

"""
ZFS_IO: Final = (
    "12 3 0x00 1 80 79205351707403 395818011156865\n"
    "nread    nwritten reads    writes   wtime    wlentime wupdate  rtime    rlentime rupdate  wcnt     rcnt\n"
)


def kstat(*names: str, dataset: str = "") -> str:
    head = "37 1 0x01 9 2256 1 2\nname                            type data\n"
    text = f"dataset_name                    7    {dataset}\n" if dataset else ""
    return head + text + "".join(f"{name:<32}4    {next(NUMBERS)}\n" for name in names)


PROCESS = "{} (a) b) {} 1 7 7 0 -1 4194560 2 0 0 0 3 4 0 0 20 0 2 0 100 8192 5 18446744073709551615" + " 0" * 27 + "\n"
INTERRUPTS = """           CPU0       CPU1
  0:         23          4   IO-APIC   2-edge      timer
 24:          1          0  IO-APIC   5-edge      ACPI:Ged
NMI:          5          6   Non-maskable interrupts
ERR:          0
"""


def proc() -> dict[str, str]:
    """Path -> text."""
    cpus = "".join(f"cpu{cpu} {numbers(10)}\n" for cpu in range(2))
    return {
        "1/mounts": "/dev/sda1 / ext4 rw,relatime 0 0\n",
        "7/stat": PROCESS.format(7, "S"),
        "7/task/7/stat": PROCESS.format(7, "S"),
        "7/task/8/stat": PROCESS.format(8, "R"),
        "interrupts": INTERRUPTS,
        "cpuinfo": "".join(CPUINFO.format(cpu) for cpu in range(2)),
        "diskstats": "".join(
            f"{major:4} {minor:7} {name} {numbers(columns)}\n"
            for major, minor, name, columns in ((8, 0, "sda", 17), (252, 0, "dm-0", 15), (259, 0, "nvme0n1", 11))
        ),
        "loadavg": "0.21 0.37 0.39 1/719 19737\n",
        "mdstat": MDSTAT,
        "meminfo": "".join(f"{key + ':':<17}{next(NUMBERS)} kB\n" for key in MEMORY)
        + "".join(f"{key + ':':<17}{next(NUMBERS)}\n" for key in PAGES),
        "net/arp": "IP address HW type Flags HW address Mask Device\n10.0.0.1 0x1 0x2 aa:bb * eth0\n10.0.0.2 0x1 0x2 aa:cc * eth0\n",
        "net/dev": NET_DEV + "".join(f"{device:>6}: {numbers(16)}\n" for device in ("lo", "eth0")),
        "net/ip_vs": IP_VS,
        "net/ip_vs_stats": IP_VS_STATS,
        "net/netstat": pairs(NETSTAT),
        "net/snmp": pairs(SNMP),
        "net/snmp6": "".join(f"{name:<32}\t{next(NUMBERS)}\n" for name in SNMP6),
        "net/sockstat": "sockets: used 229\nTCP: inuse 4 orphan 1 tw 5 alloc 17 mem 2\nUDP: inuse 3 mem 6\n"
        "UDPLITE: inuse 7\nRAW: inuse 8\nFRAG: inuse 9 memory 10\n",
        "net/sockstat6": "TCP6: inuse 17\nUDP6: inuse 11\nUDPLITE6: inuse 12\nRAW6: inuse 13\nFRAG6: inuse 14 memory 15\n",
        "net/softnet_stat": "00015c73 00020e76 f0000769 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n" * 2,
        "net/stat/nf_conntrack": "entries searched found new invalid ignore delete delete_list insert insert_failed drop "
        "early_drop icmp_error  expect_new expect_create expect_delete search_restart\n"
        + ("00000021  00000001 00000002 00000003 0000000a 00000005 00000006 00000007 00000008 00000009 0000000b 0000000c "
           "0000000d  0000000e 0000000f 00000010 00000011\n" * 2),
        "net/udp": UDP_HEAD + "    0: 0100007F:0035 00000000:0000 07 00000010:00000002 00:00000000 00000000     0        0 1 2 0 0\n",
        "net/udp6": UDP_HEAD
        + "    0: 00000000000000000000000000000000:0035 00000000000000000000000000000000:0000 07 00000003:00000004 00:00000000 00000000     0        0 1 2 0 0\n",
        "net/rpc/nfs": f"net 18 628 69 4324\nrpc 4329 5 6\nproc2 18 {numbers(18)}\nproc3 22 {numbers(22)}\nproc4 59 {numbers(59)}\n",
        "net/rpc/nfsd": f"rc 1 2 3\nfh 4 0 0 0 0\nio 157286400 17\nth 8 0 0.000 0.000\nra 32 0 0 0 0 0 0 0 0 0 0 9\nnet 18 10 11 12\n"
        f"rpc 18 13 14 15 16\nproc2 18 {numbers(18)}\nproc3 22 {numbers(22)}\nproc4 2 {numbers(2)}\nproc4ops 72 {numbers(72)}\n",
        "pressure/cpu": "some avg10=0.10 avg60=2.00 avg300=3.85 total=15\n",
        "pressure/io": "some avg10=0.10 avg60=2.00 avg300=3.85 total=159886802\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=159229614\n",
        "pressure/memory": "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=6\n",
        "schedstat": "version 15\ntimestamp 15819019232\n"
        + "".join(f"cpu{cpu} {numbers(9)}\ndomain0 00000000,00000003 {numbers(36)}\n" for cpu in range(2)),
        "spl/kstat/zfs/abdstats": kstat("struct_size", "linear_cnt"),
        "spl/kstat/zfs/arcstats": kstat("hits", "misses", "demand_data_hits", "c_max"),
        "spl/kstat/zfs/dbuf_stats": kstat("cache_count"),
        "spl/kstat/zfs/dmu_tx": kstat("dmu_tx_assigned"),
        "spl/kstat/zfs/dnodestats": kstat("dnode_hold_dbuf_hold"),
        "spl/kstat/zfs/fm": kstat("erpt-dropped"),
        "spl/kstat/zfs/vdev_cache_stats": kstat("delegations"),
        "spl/kstat/zfs/vdev_mirror_stats": kstat("rotating_linear"),
        "spl/kstat/zfs/xuio_stats": kstat("onloan_read_buf"),
        "spl/kstat/zfs/zfetchstats": kstat("hits", "max_streams"),
        "spl/kstat/zfs/zil": kstat("zil_commit_count"),
        "spl/kstat/zfs/tank/io": ZFS_IO + numbers(12) + "\n",
        "spl/kstat/zfs/tank/objset-1": kstat("writes", "nread", dataset="tank/home"),
        "spl/kstat/zfs/tank/state": "DEGRADED\n",
        "stat": f"cpu  {numbers(10)}\n{cpus}intr 8885917 17 0 0\nctxt 38014093\nbtime 1418183276\nprocesses 26442\n"
        f"procs_running 2\nprocs_blocked 1\nsoftirq 5057579 250191 1481983 1647 211099 186066 0 1783454 622196 12499 508444\n",
        "sys/fs/file-nr": "1024\t0\t1631329\n",
        "sys/kernel/pid_max": "32768\n",
        "sys/kernel/threads-max": "7801\n",
        "sys/kernel/random/entropy_avail": "1337\n",
        "sys/kernel/random/poolsize": "4096\n",
        "sys/net/netfilter/nf_conntrack_count": "123\n",
        "sys/net/netfilter/nf_conntrack_max": "65536\n",
        "vmstat": "".join(f"{name} {next(NUMBERS)}\n" for name in
                          ["nr_free_pages", "pgpgin", "pgpgout", "pswpin", "pswpout", "pgfault", "pgmajfault", "oom_kill"]),
    }  # fmt: skip
