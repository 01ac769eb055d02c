"""Sysfs of a machine that has everything."""

from __future__ import annotations

from typing import Final

from tests.exporters.node.machine_numbers import NUMBERS, counted, numbers, under

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
        **under("class/fc_host/host0/statistics", {name: hex(next(NUMBERS)) for name in FIBRE}),
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
