"""Remote read, from our side: samples that other servers have, beside our own."""
