"""A machine that has everything: procfs, sysfs and udev's records as files, so that every collector has something to say.

Numbers are made up, and differ from each other wherever they could be mistaken for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Final

_NUMBERS = count(1001, 7)


def numbers(how_many: int) -> str:
    """Others each time."""
    return " ".join(str(next(_NUMBERS)) for _ in range(how_many))


def under(folder: str, files: Mapping[str, str | int]) -> dict[str, str]:
    return {f"{folder}/{name}": f"{text}\n" for name, text in files.items()}


def counted(folder: str, names: Iterable[str]) -> dict[str, str]:
    return under(folder, {name: next(_NUMBERS) for name in names})


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
    return head + text + "".join(f"{name:<32}4    {next(_NUMBERS)}\n" for name in names)


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
        "meminfo": "".join(f"{key + ':':<17}{next(_NUMBERS)} kB\n" for key in MEMORY)
        + "".join(f"{key + ':':<17}{next(_NUMBERS)}\n" for key in PAGES),
        "net/arp": "IP address HW type Flags HW address Mask Device\n10.0.0.1 0x1 0x2 aa:bb * eth0\n10.0.0.2 0x1 0x2 aa:cc * eth0\n",
        "net/dev": NET_DEV + "".join(f"{device:>6}: {numbers(16)}\n" for device in ("lo", "eth0")),
        "net/ip_vs": IP_VS,
        "net/ip_vs_stats": IP_VS_STATS,
        "net/netstat": pairs(NETSTAT),
        "net/snmp": pairs(SNMP),
        "net/snmp6": "".join(f"{name:<32}\t{next(_NUMBERS)}\n" for name in SNMP6),
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
        "vmstat": "".join(f"{name} {next(_NUMBERS)}\n" for name in
                          ["nr_free_pages", "pgpgin", "pgpgout", "pswpin", "pswpout", "pgfault", "pgmajfault", "oom_kill"]),
    }  # fmt: skip


BCACHE: Final = "fs/bcache/deaddd54-c735-46d5-868e-f331c5fd7c74"
BCACHE_PERIODS: Final = (
    "bypassed", "cache_bypass_hits", "cache_bypass_misses", "cache_hit_ratio", "cache_hits", "cache_miss_collisions",
    "cache_misses", "cache_readaheads",
)  # fmt: skip
BTRFS: Final = "fs/btrfs/0abb23a9-579b-43e6-ad30-227ef47fcb9d"
XFS_LINES: Final = (
    ("extent_alloc", 4), ("abt", 4), ("blk_map", 7), ("bmbt", 4), ("dir", 4), ("trans", 3), ("ig", 7), ("log", 5),
    ("push_ail", 10), ("xstrat", 2), ("rw", 2), ("attr", 4), ("icluster", 3), ("vnodes", 8), ("buf", 9), ("xpc", 3),
)  # fmt: skip
INFINIBAND: Final = [
    "excessive_buffer_overrun_errors",
    "link_downed",
    "link_error_recovery",
    "local_link_integrity_errors",
    "multicast_rcv_packets",
    "multicast_xmit_packets",
    "port_rcv_constraint_errors",
    "port_rcv_data",
    "port_rcv_discards",
    "port_rcv_errors",
    "port_rcv_packets",
    "port_rcv_remote_physical_errors",
    "port_rcv_switch_relay_errors",
    "port_xmit_constraint_errors",
    "port_xmit_data",
    "port_xmit_discards",
    "port_xmit_packets",
    "port_xmit_wait",
    "symbol_error",
    "unicast_rcv_packets",
    "unicast_xmit_packets",
    "VL15_dropped",
]
INFINIBAND_OLD: Final = [
    "port_multicast_rcv_packets",
    "port_multicast_xmit_packets",
    "port_rcv_data_64",
    "port_rcv_packets_64",
    "port_unicast_rcv_packets",
    "port_unicast_xmit_packets",
    "port_xmit_data_64",
    "port_xmit_packets_64",
]
BATTERY: Final = [
    "alarm",
    "capacity",
    "cycle_count",
    "online",
    "present",
    "time_to_empty_now",
    "time_to_full_now",
    "current_now",
    "energy_full",
    "energy_full_design",
    "energy_now",
    "voltage_min_design",
    "voltage_now",
    "charge_full",
    "charge_now",
    "power_now",
    "temp",
    "temp_max",
]
FIBRE: Final = [
    "dumped_frames",
    "error_frames",
    "fcp_packet_aborts",
    "invalid_crc_count",
    "invalid_tx_word_count",
    "link_failure_count",
    "loss_of_signal_count",
    "loss_of_sync_count",
    "nos_count",
    "rx_frames",
    "rx_words",
    "seconds_since_last_reset",
    "tx_frames",
    "tx_words",
]


def storage() -> dict[str, str]:
    """Below sysfs."""
    tape = [
        "in_flight",
        "io_ns",
        "other_cnt",
        "read_byte_cnt",
        "read_cnt",
        "read_ns",
        "resid_cnt",
        "write_byte_cnt",
        "write_cnt",
        "write_ns",
    ]
    allocation = ("bytes_may_use", "bytes_pinned", "bytes_readonly", "bytes_reserved", "bytes_used", "disk_used",
                  "disk_total", "flags", "total_bytes", "total_bytes_pinned")  # fmt: skip
    return {
        **counted(BCACHE, ("average_key_size", "cache_available_percent", "congested", "root_usage_percent", "tree_depth")),
        **under(BCACHE, {"btree_cache_size": "256.0k"}),
        **counted(f"{BCACHE}/internal", ("active_journal_entries", "btree_nodes", "btree_read_average_duration_us",
                                         "cache_read_races")),
        **counted(f"{BCACHE}/stats_total", BCACHE_PERIODS),
        **counted(f"{BCACHE}/stats_five_minute", BCACHE_PERIODS),
        **counted(f"{BCACHE}/bdev0/stats_total", BCACHE_PERIODS),
        **counted(f"{BCACHE}/bdev0/stats_five_minute", BCACHE_PERIODS),
        **under(f"{BCACHE}/bdev0", {
            "dirty_data": "1.5M",
            "writeback_rate_debug": "rate:\t\t1.1M/sec\ndirty:\t\t20.4G\ntarget:\t\t20.4G\nproportional:\t427.5k\n"
            "integral:\t-790.0k\nchange:\t\t321.5k/sec\nnext io:\t17ms",
        }),
        **counted(f"{BCACHE}/cache0", ("io_errors", "metadata_written", "written")),
        **under(f"{BCACHE}/cache0", {"priority_stats": "Unused:\t\t99%\nMetadata:\t1%\nAverage:\t10473\nSectors per Q:\t64\n"
                                     "Quantiles:\t[0 0 1]"}),
        **under(BTRFS, {"label": "fixture", "metadata_uuid": "0abb23a9-579b-43e6-ad30-227ef47fcb9d", "clone_alignment": 4096,
                        "nodesize": 16384, "quota_override": 0, "sectorsize": 4096, "features/extended_iref": 1}),
        **under(f"{BTRFS}/allocation", {"global_rsv_reserved": 1, "global_rsv_size": 16777216}),
        **under(f"{BTRFS}/devices", {"sdb/size": 20971520, "sdc/size": 10485760, "sdd/size": 10485760}),
        **{path: text for kind, layout in (("data", "raid5"), ("metadata", "raid1"), ("system", "single"))
           for path, text in {**counted(f"{BTRFS}/allocation/{kind}", allocation),
                              **counted(f"{BTRFS}/allocation/{kind}/{layout}", ("used_bytes", "total_bytes"))}.items()},
        **under("class/fc_host/host0", {
            "dev_loss_tmo": 30, "fabric_name": "0x0", "node_name": "0x2000e0071bce95f2", "port_id": "0x000002",
            "port_name": "0x1000e0071bce95f2", "port_state": "Online", "port_type": "Point-To-Point (direct nport)",
            "speed": "16 Gbit", "supported_classes": "Class 3", "supported_speeds": "4 Gbit, 8 Gbit, 16 Gbit",
            "symbolic_name": "An adapter",
        }),
        **under("class/fc_host/host0/statistics", {name: hex(next(_NUMBERS)) for name in FIBRE}),
        **under("class/fc_host/host0/statistics", {"nos_count": "0xffffffffffffffff"}),
        **under("class/nvme/nvme0", {"firmware_rev": "1B2QEXP7", "model": "A drive", "serial": "S680HF8N190894I", "state": "live"}),
        **counted("class/scsi_tape/st0/stats", tape),
        **counted("class/scsi_tape/nst0/stats", tape),
        "fs/xfs/sda1/stats/stats": "".join(f"{name} {numbers(columns)}\n" for name, columns in XFS_LINES),
    }  # fmt: skip


def hardware() -> dict[str, str]:
    """Below sysfs."""
    chip, odd = "class/hwmon/hwmon0", "class/hwmon/hwmon1"
    cpus = "devices/system/cpu"
    frequencies = ("cpuinfo_cur_freq", "cpuinfo_min_freq", "cpuinfo_max_freq", "cpuinfo_transition_latency",
                   "scaling_cur_freq", "scaling_min_freq", "scaling_max_freq")  # fmt: skip
    texts = {"scaling_available_governors": "performance powersave", "scaling_driver": "intel_pstate",
             "scaling_governor": "powersave", "related_cpus": "0", "scaling_setspeed": "<unsupported>"}  # fmt: skip
    files: dict[str, str] = under(cpus, {"isolated": "1"})
    for cpu in range(2):
        files |= counted(f"{cpus}/cpu{cpu}/cpufreq", frequencies) | under(f"{cpus}/cpu{cpu}/cpufreq", texts)
        files |= under(f"{cpus}/cpu{cpu}/topology", {"core_id": cpu, "physical_package_id": 0, "core_siblings_list": "0-1",
                                                     "thread_siblings_list": cpu})  # fmt: skip
        files |= under(
            f"{cpus}/cpu{cpu}/thermal_throttle", {"core_throttle_count": 5 + cpu, "package_throttle_count": 30}
        )
    mc = "devices/system/edac/mc/mc0"
    return {
        **files,
        **under("class/dmi/id", {"bios_date": "04/12/2021", "bios_vendor": "A vendor", "board_name": "A board",
                                 "product_uuid": "83340ca8-cb49-4474-8c29-d2088ca84dd9", "sys_vendor": "A maker",
                                 "modalias": "dmi:bvn", "chassis_type": 10}),
        **counted(mc, ("ce_count", "ce_noinfo_count", "ue_count", "ue_noinfo_count")),
        **counted(f"{mc}/csrow0", ("ce_count", "ue_count")),
        **under(chip, {
            "name": "coretemp", "temp1_input": 55000, "temp1_max": 84000, "temp1_crit": 90000, "temp1_crit_hyst": 85000, "temp1_crit_alarm": 0, "temp1_label": "Core 0 ",
            "temp2_type": 4, "fan1_input": 1200, "fan1_min": 300, "fan1_fault": 0, "fan1_beep": 1, "fan1_label": "CPU fan",
            "in0_input": 1100, "in0_alarm": 0, "curr1_input": 2500, "power1_average": 13500000, "power1_accuracy": 900000,
            "power1_average_interval": 1000, "energy1_input": 9000000, "humidity1_input": 420000, "pwm1": 128,
            "pwm1_enable": 2, "intrusion0_alarm": 0, "beep_enable": 1, "vrm": 100, "update_interval": 1500, "uevent": "",
        }),
        **under(odd, {"temp1": 33000, "temp1_input": 34000, "cpu0_vid": 1200}),
        **under("class/power_supply/AC", {"online": 0, "type": "Mains"}),
        **counted("class/power_supply/BAT0", BATTERY),
        **under("class/power_supply/BAT0", {"status": "Discharging", "technology": "Li-ion", "type": "Battery",
                                            "capacity_level": "Normal", "manufacturer": "LGC", "model_name": "A cell"}),
        **under("class/powercap/intel-rapl:0", {"name": "package-10", "energy_uj": 240422366267, "max_energy_range_uj": 262143}),
        **under("class/powercap/intel-rapl:0:0", {"name": "core", "energy_uj": 118821284256, "max_energy_range_uj": 262143}),
        **under("class/powercap/intel-rapl:0:1", {"name": "core", "energy_uj": 1188256, "max_energy_range_uj": 262143}),
        **under("class/thermal/thermal_zone0", {"type": "cpu-thermal", "policy": "step_wise", "temp": 12376}),
        **under("class/thermal/cooling_device0", {"type": "Processor", "max_state": 50, "cur_state": -1}),
    }  # fmt: skip


def network() -> dict[str, str]:
    """Below sysfs."""
    net = "class/net"
    numbers_ = ("addr_assign_type", "carrier_changes", "carrier_down_count", "carrier_up_count", "ifindex", "iflink",
                "link_mode", "mtu", "name_assign_type", "netdev_group", "tx_queue_len", "type", "speed")  # fmt: skip
    devices: dict[str, str] = {}
    for device, state in (("lo", "unknown"), ("eth0", "up")):
        devices |= counted(f"{net}/{device}", numbers_) | counted(f"{net}/{device}/statistics", ("rx_nohandler",))
        devices |= under(f"{net}/{device}", {
            "address": "01:01:01:01:01:01", "broadcast": "ff:ff:ff:ff:ff:ff", "carrier": 1, "dev_id": "0x20", "dormant": 1,
            "duplex": "full", "flags": "0x1303", "ifalias": "", "operstate": state,
        })  # fmt: skip
    port = "class/infiniband/mlx4_0/ports/1"
    return {
        **devices,
        f"{net}/bonding_masters": "bond0 int\n",
        f"{net}/bond0/bonding/slaves": "eth1 eth2\n",
        f"{net}/bond0/lower_eth1/bonding_slave/mii_status": "up\n",
        f"{net}/bond0/slave_eth2/bonding_slave/mii_status": "down\n",
        f"{net}/int/bonding/slaves": "\n",
        **under("class/infiniband/mlx4_0", {"board_id": "SM_1141000001000", "fw_ver": "2.31.5050", "hca_type": "MT4099"}),
        **under(port, {"state": "4: ACTIVE", "phys_state": "5: LinkUp", "rate": "2.5 Gb/sec (1X SDR)"}),
        **counted(f"{port}/counters", INFINIBAND),
        **under(f"{port}/counters", {"port_xmit_wait": "N/A (no PMA)"}),
        **counted(f"{port}/counters_ext", INFINIBAND_OLD),
    }  # fmt: skip


UDEV: Final = {
    "b8:0": "E:ID_MODEL=A_disk\nE:ID_PATH=pci-0000:00:1f.2-ata-1\nE:ID_REVISION=RR\nE:ID_SERIAL_SHORT=S1\nE:ID_WWN=0x5000\n"
    "E:ID_ATA=1\nE:ID_ATA_WRITE_CACHE=1\nE:ID_ATA_WRITE_CACHE_ENABLED=0\nE:ID_ATA_ROTATION_RATE_RPM=7200\n",
    "b252:0": "E:DM_NAME=nvme0n1_crypt\nE:DM_UUID=CRYPT-LUKS2-1\nE:ID_FS_TYPE=ext4\nE:ID_FS_USAGE=filesystem\n"
    "E:ID_FS_UUID=5deafe0d-9a3b-4b5f-b40f-41f33a2d0c4e\nE:ID_FS_VERSION=1.0\n",
}  # fmt: skip


def build(root: Path) -> list[str]:
    """Writes all of it; the flags by which an exporter is told where."""
    trees = {"proc": proc(), "sys": {**storage(), **hardware(), **network()}, "udev": UDEV}
    for tree, files in trees.items():
        for path, text in files.items():
            file = root / tree / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    device = root / "sys/devices/platform/coretemp.0"
    device.mkdir(parents=True)
    (root / "sys/class/hwmon/hwmon0/device").symlink_to(device)
    return [f"--path.procfs={root}/proc", f"--path.sysfs={root}/sys", f"--path.udev.data={root}/udev"]
