//! An alarm, for whoever has to be on time to the microsecond.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

/// What can be read once a length of time is over, and never before.
///
/// A runtime's own timers ring some whole milliseconds after it went to sleep, and so tell when it last had work.
///
/// # Errors
/// [`io::Error`] if the process has as many descriptors as it may have.
pub fn alarm(after: Duration) -> io::Result<OwnedFd> {
    let alarm = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
    // Nothing at all would be no alarm.
    let after = after.max(Duration::from_nanos(1));
    let once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let after = Timespec::try_from(after).map_err(|_| io::ErrorKind::InvalidInput)?;
    timerfd_settime(&alarm, TimerfdTimerFlags::empty(), &Itimerspec { it_interval: once, it_value: after })?;
    Ok(alarm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rings_once_the_time_is_over_and_not_before() {
        let mut count = [0; 8];
        let (begun, length) = (std::time::Instant::now(), Duration::from_millis(20));
        let alarm = alarm(length).unwrap();
        while rustix::io::read(&alarm, &mut count) == Err(rustix::io::Errno::AGAIN) {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(begun.elapsed() >= length && u64::from_ne_bytes(count) == 1);
        let at_once = super::alarm(Duration::ZERO).unwrap();
        std::thread::sleep(Duration::from_millis(1));
        assert_eq!(rustix::io::read(&at_once, &mut count), Ok(8));
    }
}
