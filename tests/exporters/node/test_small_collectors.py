"""The collectors that read one small file: a text in, families out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from exporters.exposition.families import Family
from exporters.kernel import Tree
from exporters.node import reading
from exporters.node.errors import NoDataError
from exporters.node.machine import Machine
from exporters.node.network import arp, conntrack, netdev, netstat, sockstat, softnet, tcpstat, udp_queues
from exporters.node.options import NETSTAT_FIELDS, VMSTAT_FIELDS, NodeOptions
from exporters.node.system import (
    entropy,
    filefd,
    interrupts,
    loadavg,
    meminfo,
    os_release,
    pressure,
    processes,
    selinux,
    stat,
    time,
    timex,
    uname,
    vmstat,
)


def values(families: Iterable[Family]) -> dict[str, float]:
    """`name{a=1}` -> value."""
    return {
        s.name + (f"{{{','.join(f'{k}={v}' for k, v in s.labels)}}}" if s.labels else ""): s.value
        for family in families
        for s in family.samples
    }


def test_memory_in_kilobytes_becomes_bytes_and_counts_stay() -> None:
    text = "MemTotal:       8 kB\nActive(anon):    2 kB\n\nHugePages_Total:   3\n"
    assert values(meminfo.parse(text)) == {
        "node_memory_MemTotal_bytes": 8192.0,
        "node_memory_Active_anon_bytes": 2048.0,
        "node_memory_HugePages_Total": 3.0,
    }


def test_an_unknown_unit_of_memory_is_an_error() -> None:
    with pytest.raises(ValueError, match="invalid line"):
        meminfo.parse("MemTotal: 8 MB\n")


def test_load_averages() -> None:
    assert values(loadavg.parse("0.21 0.37 0.39 1/719 19737\n")) == {
        "node_load1": 0.21,
        "node_load5": 0.37,
        "node_load15": 0.39,
    }


STAT = "cpu 1\nintr 8885917 17 0\nctxt 38014093\nbtime 1418183276\nprocesses 26442\nprocs_running 2\nprocs_blocked 1\n"
SOFTIRQ = "softirq 55 1 2 3 4 5 6 7 8 9 10\n"


def test_kernel_counts_take_the_first_number_of_their_line() -> None:
    assert values(stat.parse(STAT + SOFTIRQ)) == {
        "node_intr_total": 8885917.0,
        "node_context_switches_total": 38014093.0,
        "node_boot_time_seconds": 1418183276.0,
        "node_forks_total": 26442.0,
        "node_procs_running": 2.0,
        "node_procs_blocked": 1.0,
    }


def test_softirq_vectors_are_shown_when_asked_for() -> None:
    shown = values(stat.parse(SOFTIRQ, softirq=True))
    assert shown["node_softirqs_total{vector=hi}"] == 1.0
    assert shown["node_softirqs_total{vector=rcu}"] == 10.0


def test_uname_is_all_labels() -> None:
    [family] = uname.read(Machine())
    labels = dict(family.samples[0].labels)
    assert set(labels) == {"domainname", "machine", "nodename", "release", "sysname", "version"}


def test_time_is_the_clocks() -> None:
    assert values(time.families(1_500_000_000_250_000_000))["node_time_seconds"] == 1500000000.25


def test_clock_sources_are_listed(tmp_path: Path) -> None:
    folder = tmp_path / "devices/system/clocksource/clocksource0"
    folder.mkdir(parents=True)
    (folder / "available_clocksource").write_text("tsc hpet \n")
    (folder / "current_clocksource").write_text("tsc\n")
    assert set(values(time.clock_sources(Tree(tmp_path)))) == {
        "node_time_clocksource_available_info{clocksource=tsc,device=0}",
        "node_time_clocksource_available_info{clocksource=hpet,device=0}",
        "node_time_clocksource_current_info{clocksource=tsc,device=0}",
    }


DEV = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
eth0:0: 100 0 0 0 0 0 0 0 200 0 0 0 0 0 0 0
"""


def test_traffic_is_counted_by_device_even_with_a_colon_in_its_name() -> None:
    shown = values(netdev.families(netdev.parse(DEV), reading.device_filter("", "")))
    assert shown["node_network_receive_multicast_total{device=lo}"] == 8.0
    assert shown["node_network_transmit_compressed_total{device=lo}"] == 16.0
    assert shown["node_network_receive_bytes_total{device=eth0:0}"] == 100.0


def test_devices_can_be_left_out_or_picked() -> None:
    stats = netdev.parse(DEV)
    assert not any("=lo" in key for key in values(netdev.families(stats, reading.device_filter("^lo$", ""))))
    assert all("=lo" in key for key in values(netdev.families(stats, reading.device_filter("", "^lo$"))))


def test_packets_without_handler_come_from_sysfs(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net/dev").write_text(DEV)
    folder = tmp_path / "class/net/lo/statistics"
    folder.mkdir(parents=True)
    (folder / "rx_nohandler").write_text("7\n")
    shown = values(netdev.read(Machine(NodeOptions(procfs=tmp_path, sysfs=tmp_path))))
    assert shown["node_network_receive_nohandler_total{device=lo}"] == 7.0


def test_protocol_counters_are_paired_with_their_names_and_filtered() -> None:
    stats = netstat.parse("Tcp: ActiveOpens MaxConn\nTcp: 3 -1\nIpExt: InOctets\nIpExt: 6\n")
    assert stats == {"Tcp_ActiveOpens": "3", "Tcp_MaxConn": "-1", "IpExt_InOctets": "6"}
    assert values(netstat.families(stats, NETSTAT_FIELDS)) == {
        "node_netstat_Tcp_ActiveOpens": 3.0,
        "node_netstat_IpExt_InOctets": 6.0,
    }


def test_lines_that_do_not_pair_are_an_error() -> None:
    with pytest.raises(ValueError, match="mismatched"):
        netstat.parse("Tcp: A\nUdp: 1\n")


def test_version_six_has_a_line_a_field() -> None:
    stats = netstat.parse_snmp6("Ip6InOctets  460\nUdpLite6InErrors 2\n")
    assert stats == {"Ip6_InOctets": "460", "UdpLite6_InErrors": "2"}


def test_socket_memory_is_shown_in_bytes_too() -> None:
    assert values(sockstat.parse("sockets: used 229\nTCP: inuse 4 mem 1\n", 4096)) == {
        "node_sockstat_sockets_used": 229.0,
        "node_sockstat_TCP_inuse": 4.0,
        "node_sockstat_TCP_mem": 1.0,
        "node_sockstat_TCP_mem_bytes": 4096.0,
    }


def test_a_machine_without_version_six_shows_version_four(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net/sockstat").write_text("sockets: used 1\n")
    assert values(sockstat.read(Machine(NodeOptions(procfs=tmp_path)))) == {"node_sockstat_sockets_used": 1.0}


def test_paging_shows_only_the_wanted_fields() -> None:
    text = "nr_free_pages 977769\npgpgin 7344136\npgmajfault 45\noom_kill 1\n"
    assert set(values(vmstat.parse(text, VMSTAT_FIELDS))) == {
        "node_vmstat_pgpgin",
        "node_vmstat_pgmajfault",
        "node_vmstat_oom_kill",
    }


def test_interrupts_are_counted_by_cpu_with_what_they_are() -> None:
    text = "      CPU0  CPU1\n 24:  1  2  IO-APIC  5-edge  ttyS0\nNMI:  3  4  Non-maskable interrupts\nERR:  0\n"
    assert values(interrupts.parse(text)) == {
        "node_interrupts_total{cpu=0,devices=5-edge ttyS0,info=IO-APIC,type=24}": 1.0,
        "node_interrupts_total{cpu=1,devices=5-edge ttyS0,info=IO-APIC,type=24}": 2.0,
        "node_interrupts_total{cpu=0,devices=,info=Non-maskable interrupts,type=NMI}": 3.0,
        "node_interrupts_total{cpu=1,devices=,info=Non-maskable interrupts,type=NMI}": 4.0,
    }


def test_sockets_are_counted_by_state_and_what_waits_in_them_by_byte() -> None:
    head = "  sl  local_address rem_address   st tx_queue rx_queue\n"
    four = (
        head + " 0: 0100007F:752F 00000000:0000 0A 00000000:00000002\n 1: 0100007F:1 0100007F:2 01 00000010:00000000\n"
    )
    assert values(tcpstat.families([four, head + " 0: 0:1 0:2 0A 00000000:00000001\n"])) == {
        "node_tcp_connection_states{state=established}": 1.0,
        "node_tcp_connection_states{state=listen}": 2.0,
        "node_tcp_connection_states{state=rx_queued_bytes}": 3.0,
        "node_tcp_connection_states{state=tx_queued_bytes}": 16.0,
    }


def test_processes_and_threads_are_counted_by_state_whatever_their_names(tmp_path: Path) -> None:
    files = {
        "7/stat": "7 (a) b) S 1 7", "7/task/7/stat": "7 (a) b) S 1", "7/task/8/stat": "8 (x) R 1",
        "sys/kernel/threads-max": "100\n", "sys/kernel/pid_max": "32768\n", "uptime": "1 2\n",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "9").mkdir()  # has ended meanwhile
    assert values(processes.read(Machine(NodeOptions(procfs=tmp_path)))) == {
        "node_processes_threads": 2.0,
        "node_processes_max_threads": 100.0,
        "node_processes_state{state=S}": 1.0,
        "node_processes_threads_state{thread_state=R}": 1.0,
        "node_processes_threads_state{thread_state=S}": 1.0,
        "node_processes_pids": 1.0,
        "node_processes_max_processes": 32768.0,
    }


def test_file_handles() -> None:
    shown = values(filefd.parse("1024\t0\t1631329\n"))
    assert shown == {"node_filefd_allocated": 1024.0, "node_filefd_maximum": 1631329.0}


def test_pressure_in_microseconds_becomes_seconds_and_a_missing_line_no_sample() -> None:
    some = "some avg10=0.10 avg60=2.00 avg300=3.85 total=14036781\n"
    totals = {"cpu": pressure.parse(some), "io": pressure.parse(some + "full total=5\n"), "memory": {}}
    assert values(pressure.families(totals)) == {
        "node_pressure_cpu_waiting_seconds_total": 14.036781,
        "node_pressure_io_waiting_seconds_total": 14.036781,
        "node_pressure_io_stalled_seconds_total": 5e-06,
    }


def test_a_kernel_without_pressure_has_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoDataError):
        pressure.read(Machine(NodeOptions(procfs=tmp_path)))


def test_the_distribution_is_read_as_the_shell_would() -> None:
    release = os_release.parse('# c\nNAME="Ubuntu"\nID=ubuntu\nVERSION_ID="20.04.2"\nPRETTY_NAME=\'a "b"\'\n')
    info, version = os_release.families(release)
    assert dict(info.samples[0].labels)["pretty_name"] == 'a "b"'
    assert version.samples[0].value == 20.04


def test_a_rolling_distribution_has_no_number() -> None:
    assert len(os_release.families(os_release.parse("ID=arch\n"))) == 1


def test_random_bits() -> None:
    assert values(entropy.families("256\n", "4096\n")) == {
        "node_entropy_available_bits": 256.0,
        "node_entropy_pool_size_bits": 4096.0,
    }


def test_packets_by_cpu_are_hexadecimal() -> None:
    shown = values(softnet.parse("0000000a 00000001 00000002 0\n000000ff 0 0 0\n"))
    assert shown["node_softnet_processed_total{cpu=0}"] == 10.0
    assert shown["node_softnet_processed_total{cpu=1}"] == 255.0
    assert shown["node_softnet_times_squeezed_total{cpu=0}"] == 2.0


def test_neighbours_are_counted_by_device() -> None:
    text = "IP address HW type Flags HW address Mask Device\n10.0.0.1 0x1 0x2 aa * eth0\n10.0.0.2 0x1 0x2 bb * eth0\n"
    assert values(arp.parse(text)) == {"node_arp_entries{device=eth0}": 2.0}


def test_tracked_connections_are_summed_over_cpus() -> None:
    stats = conntrack.parse("entries found insert_failed\n0000000a 00000002 00000001\n0000000a 00000003 00000000\n")
    assert (stats["found"], stats["insert_failed"], stats["drop"]) == (5.0, 1.0, 0.0)


def test_a_machine_that_tracks_nothing_has_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoDataError):
        conntrack.read(Machine(NodeOptions(procfs=tmp_path)))


def test_a_machine_without_selinux_says_so(tmp_path: Path) -> None:
    assert values(selinux.read(Machine(NodeOptions(sysfs=tmp_path)))) == {"node_selinux_enabled": 0.0}


def test_selinux_may_be_in_force_against_its_configuration() -> None:
    assert values(selinux.families("1", "# SELINUX=x\nSELINUX=permissive\n")) == {
        "node_selinux_enabled": 1.0,
        "node_selinux_current_mode": 1.0,
        "node_selinux_config_mode": 0.0,
    }


UDP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
    0: 0100007F:0035 00000000:0000 07 00000010:00000002 00:00000000 00000000     0        0 1 2 0 0
    1: 0100007F:0036 00000000:0000 07 00000000:0000000A 00:00000000 00000000     0        0 1 2 0 0
"""


def test_bytes_in_udp_sockets_are_summed(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net/udp").write_text(UDP)
    assert values(udp_queues.read(Machine(NodeOptions(procfs=tmp_path)))) == {
        "node_udp_queues{ip=v4,queue=tx}": 16.0,
        "node_udp_queues{ip=v4,queue=rx}": 12.0,
    }
    with pytest.raises(NoDataError):
        udp_queues.read(Machine(NodeOptions(procfs=tmp_path / "net")))


@pytest.mark.parametrize(("status", "unit"), [(0x2001, 1e9), (0x0001, 1e6)])
def test_the_clock_is_off_by_nanoseconds_or_microseconds(status: int, unit: float) -> None:
    shown = values(timex.families(5, timex.Timex(offset=250, freq=65_536, maxerror=500, status=status, tai=37)))
    assert shown["node_timex_sync_status"] == 0.0
    assert shown["node_timex_offset_seconds"] == 250 / unit
    assert shown["node_timex_frequency_adjustment_ratio"] == 1.000001
    assert shown["node_timex_maxerror_seconds"] == 0.0005
    assert shown["node_timex_tai_offset_seconds"] == 37.0
