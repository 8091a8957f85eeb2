//! What only the platform gives: maps of files, large writes that are paced, the processor's vectors and prefetching.
//!
//! Maps are read-only and of files that somebody may cut short: the fault poisons the map and the process lives on. Linux raises SIGBUS where a mapped page can't be had: the file has been cut short, or the disk fails. The handler
//! sets the mapping's flag, *then* puts pages of zeros over the rest of the mapping and returns. Whoever read zeros
//! therefore finds the flag set if it looks after its last read; see [`Mapping::poisoned`].
#![expect(unsafe_code, reason = "none of this is to be had without; it is all here")]

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::null_mut;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, fence};
use std::sync::{Mutex, OnceLock, PoisonError};

use libc::{c_int, c_void, siginfo_t};
use memmap2::{Advice, Mmap, MmapOptions};

/// The first bytes of a file in memory, and the file, which stays open for reads that avoid the map.
#[derive(Debug)]
pub struct Mapping {
    map: Mmap,
    file: OwnedFd,
    entry: &'static Entry,
}

impl Mapping {
    /// Maps the first `length` bytes of a file.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] if the file is shorter, [`io::ErrorKind::InvalidInput`] for no bytes,
    /// [`io::ErrorKind::QuotaExceeded`] beyond 1024 mappings, and those of the operating system.
    pub fn map(file: impl Into<OwnedFd>, length: u64) -> io::Result<Self> {
        let file = file.into();
        let len = usize::try_from(length).map_err(|_| io::ErrorKind::InvalidInput)?;
        if len == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if (rustix::fs::fstat(&file)?.st_size as u64) < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        install_handler()?;
        // SAFETY: Segments are written once and never changed by us. Should somebody else cut the file short, the
        // handler supplies zeros; should they rewrite it, readers see other bytes: all of them check bounds at every
        // read and believe nothing, and the scrub finds it.
        let map = unsafe { MmapOptions::new().len(len).map(file.as_raw_fd())? };
        // Hints: large pages spare lookups a second miss, and what is read at once is not waited for later, page by page.
        for hint in [Advice::HugePage, Advice::PopulateRead] {
            let _ = map.advise(hint);
        }
        let entry = REGISTRY.claim(map.as_ptr().addr(), len).ok_or(io::ErrorKind::QuotaExceeded)?;
        Ok(Self { map, file, entry })
    }

    /// True if something that was read from the mapping may have been zeros or damage.
    ///
    /// To be asked after the last read on which an answer rests, in the same thread.
    #[must_use]
    pub fn poisoned(&self) -> bool {
        // Keeps the reads before it before the load of the flag.
        fence(Acquire);
        self.entry.poisoned.load(SeqCst)
    }

    /// Keeps it in memory whatever else needs room.
    ///
    /// # Errors
    /// Those of the operating system, which allows few processes to lock much: see `ulimit -l`.
    pub fn lock_in_memory(&self) -> io::Result<()> {
        self.map.lock()
    }

    /// Declares what the mapping says unreliable, for good.
    pub fn poison(&self) {
        self.entry.poisoned.store(true, SeqCst);
    }

    /// The file's length now, whatever was mapped.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn file_length(&self) -> io::Result<u64> {
        Ok(rustix::fs::fstat(&self.file)?.st_size as u64)
    }

    /// Reads from the file, not through the map, until `buffer` is full.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] if the file ends before, and those of the operating system.
    pub fn read_file_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            let at = libc::off_t::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
            // SAFETY: The pointer and the length are those of a live buffer that is ours alone.
            let read =
                unsafe { libc::pread(self.file.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), at) };
            match usize::try_from(read) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    buffer = &mut buffer[read..];
                    offset += read as u64;
                }
                Err(_) => match io::Error::last_os_error() {
                    error if error.kind() == io::ErrorKind::Interrupted => {}
                    error => return Err(error),
                },
            }
        }
        Ok(())
    }
}

impl AsRef<[u8]> for Mapping {
    fn as_ref(&self) -> &[u8] {
        &self.map
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // Before the memory is unmapped, which happens when the field is dropped after this.
        self.entry.release();
    }
}

/// Asks for the cache line in which something begins that will be read soon, and waits for nothing.
#[inline(always)]
pub fn prefetch<T>(line: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: A hint to the processor: it reads nothing that the program sees, and faults are ignored. The instruction is
    // part of every x86-64 (SSE).
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>((&raw const *line).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}

/// Work that is done by the same source whatever vectors the processor has, compiled anew for each sort.
pub trait Work {
    /// What it gives.
    type Output;

    /// Does it. To be inlined always: otherwise it is compiled for no vectors but the plain ones.
    fn run(self) -> Self::Output;
}

/// Vector units that this processor has. There is no other way to one than to ask the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vectors(Unit);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Vectors {
    /// What every processor of the platform has.
    pub const PORTABLE: Self = Self(Unit::Portable);

    /// The widest that this processor has.
    #[must_use]
    pub fn widest() -> Self {
        Self::all().last().unwrap_or(Self::PORTABLE)
    }

    /// All that this processor has, the widest last.
    pub fn all() -> impl Iterator<Item = Self> {
        let all = [
            Some(Unit::Portable),
            #[cfg(target_arch = "x86_64")]
            (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi2")).then_some(Unit::Avx2),
            #[cfg(target_arch = "x86_64")]
            (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw"))
                .then_some(Unit::Avx512)
                .filter(|_| is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl"))
                .filter(|_| is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi2")),
        ];
        all.into_iter().flatten().map(Self)
    }

    /// What they are called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Unit::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Unit::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Unit::Avx512 => "avx512",
        }
    }

    /// Does a work with them.
    #[inline]
    pub fn run<W: Work>(self, work: W) -> W::Output {
        match self.0 {
            Unit::Portable => work.run(),
            // SAFETY: A value with this unit is made in `all` only, if the processor has what the function needs.
            #[cfg(target_arch = "x86_64")]
            Unit::Avx2 => unsafe { with_avx2(work) },
            // SAFETY: As above.
            #[cfg(target_arch = "x86_64")]
            Unit::Avx512 => unsafe { with_avx512(work) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi2")]
fn with_avx2<W: Work>(work: W) -> W::Output {
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn with_avx512<W: Work>(work: W) -> W::Output {
    work.run()
}

/// Begins to write a piece of a file to the disk, and waits for what stands before it to be there; where the piece has no length it is all
/// that there is, and what was begun before is waited for. Not every file system can; there nothing happens.
///
/// # Errors
/// Those of the disk.
pub fn write_behind(file: &impl AsRawFd, offset: u64, length: u64) -> io::Result<()> {
    let range = |offset: u64, length: u64, flags| {
        let to = |number: u64| libc::off64_t::try_from(number).map_err(|_| io::ErrorKind::InvalidInput);
        // SAFETY: The call has no memory of ours to read or write; the descriptor is open as long as `file` is.
        let result = unsafe { libc::sync_file_range(file.as_raw_fd(), to(offset)?, to(length)?, flags) };
        match io::Error::last_os_error() {
            _ if result == 0 => Ok(()),
            error if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ESPIPE | libc::ENOSYS)) => {
                Ok(())
            }
            error => Err(error),
        }
    };
    let begun = if length == 0 { libc::SYNC_FILE_RANGE_WAIT_BEFORE } else { 0 };
    range(offset, length, begun | libc::SYNC_FILE_RANGE_WRITE)?;
    let before = offset.saturating_sub(length);
    if before < offset { range(before, offset - before, libc::SYNC_FILE_RANGE_WAIT_BEFORE) } else { Ok(()) }
}

/// Whether nobody else has a file open or mapped, in any process of this kernel; also false where it can't be told. To be asked of a file
/// that has no name any more: who opens one by its name at this moment has this process killed.
#[must_use]
pub fn is_open_once(file: &impl AsRawFd) -> bool {
    // A lease to write is given to one whom nobody else would have to wait for.
    // SAFETY: The call has no memory of ours to read or write; the descriptor is open as long as `file` is.
    let lease = |kind: c_int| unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind) };
    lease(libc::F_WRLCK) == 0 && lease(libc::F_UNLCK) == 0
}

/// How many mappings a process may have at a time.
const MAPPINGS_MAX: usize = 1024;

static REGISTRY: Registry = Registry([const { Entry::new() }; MAPPINGS_MAX]);

/// The mappings of this process, in a shape that a signal handler may read: no locks, no allocation.
struct Registry([Entry; MAPPINGS_MAX]);

/// One mapping. Entries are used again; `version` is odd while start and end don't belong together.
#[derive(Debug)]
struct Entry {
    claimed: AtomicBool,
    version: AtomicU32,
    start: AtomicUsize,
    end: AtomicUsize,
    poisoned: AtomicBool,
}

impl Registry {
    fn claim(&'static self, start: usize, len: usize) -> Option<&'static Entry> {
        let entry = self.0.iter().find(|entry| !entry.claimed.swap(true, SeqCst))?;
        entry.poisoned.store(false, SeqCst);
        entry.write(start, start.checked_add(len)?.checked_next_multiple_of(page_size())?);
        Some(entry)
    }

    /// The entry whose mapping has this address, and where the mapping ends. Called by the handler.
    fn find(&self, address: usize) -> Option<(&Entry, usize)> {
        self.0.iter().find_map(|entry| {
            let version = entry.version.load(Acquire);
            let (start, end) = (entry.start.load(Relaxed), entry.end.load(Relaxed));
            fence(Acquire);
            // An entry that is being written belongs to no mapping that anybody reads yet or still.
            let whole = version.is_multiple_of(2) && version == entry.version.load(Relaxed);
            (whole && (start..end).contains(&address)).then_some((entry, end))
        })
    }
}

impl Entry {
    const fn new() -> Self {
        Self {
            claimed: AtomicBool::new(false),
            version: AtomicU32::new(0),
            start: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
            poisoned: AtomicBool::new(false),
        }
    }

    fn release(&self) {
        self.write(0, 0);
        self.claimed.store(false, SeqCst);
    }

    /// Only for whoever has claimed the entry.
    fn write(&self, start: usize, end: usize) {
        self.version.fetch_add(1, Relaxed);
        fence(Release);
        self.start.store(start, Relaxed);
        self.end.store(end, Relaxed);
        self.version.fetch_add(1, Release);
    }
}

/// What handled SIGBUS before us; Rust's runtime has a handler of its own for stack overflows.
static PREVIOUS: OnceLock<libc::sigaction> = OnceLock::new();
static INSTALLING: Mutex<()> = Mutex::new(());

fn page_size() -> usize {
    static PAGE_SIZE: OnceLock<usize> = OnceLock::new();
    *PAGE_SIZE.get_or_init(|| {
        // SAFETY: sysconf has no preconditions.
        usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).expect("pages have a size")
    })
}

fn install_handler() -> io::Result<()> {
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    if PREVIOUS.get().is_some() {
        return Ok(());
    }
    page_size();
    // SAFETY: All-zero bytes are a valid `sigaction`; the pointers are to live values of that type. The handler has
    // the signature that SA_SIGINFO asks for and does only what a handler may (see there). What was there before is
    // remembered before the new handler can run.
    unsafe {
        let mut previous: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGBUS, std::ptr::null(), &raw mut previous) != 0 {
            return Err(io::Error::last_os_error());
        }
        let mut ours: libc::sigaction = std::mem::zeroed();
        let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = on_sigbus;
        ours.sa_sigaction = handler as *const () as libc::sighandler_t;
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigemptyset(&raw mut ours.sa_mask);
        PREVIOUS.get_or_init(|| previous);
        if libc::sigaction(libc::SIGBUS, &raw const ours, null_mut()) != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Async-signal-safe: atomics, and the system calls mmap, sigaction and raise; errno is left as it was.
extern "C" fn on_sigbus(_signal: c_int, info: *mut siginfo_t, _context: *mut c_void) {
    // SAFETY: With SA_SIGINFO the kernel hands in a valid siginfo; for a fault (si_code > 0) it holds the address.
    let fault = unsafe { ((*info).si_code > 0).then(|| (*info).si_addr().addr()) };
    // SAFETY: The location is this thread's own.
    let errno = unsafe { *libc::__errno_location() };
    let mended = fault.is_some_and(mend);
    if !mended && let Some(previous) = PREVIOUS.get() {
        // SAFETY: `previous` is what the kernel reported. A fault recurs on return and meets it; a signal that
        // somebody sent does not recur and is sent once more.
        unsafe {
            libc::sigaction(libc::SIGBUS, previous, null_mut());
            if fault.is_none() {
                libc::raise(libc::SIGBUS);
            }
        }
    }
    // SAFETY: As above.
    unsafe { *libc::__errno_location() = errno };
}

/// Poisons the mapping that has the address and supplies zeros from there to its end; false if none has it.
///
/// To the end and not one page only: what was cut off a file is cut off to its end, and a mapping in thousands of
/// pieces would meet the kernel's limit on them.
fn mend(address: usize) -> bool {
    let Some((entry, end)) = REGISTRY.find(address) else { return false };
    entry.poisoned.store(true, SeqCst);
    let page = address - address % page_size();
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE;
    // SAFETY: The range lies within a mapping of ours: the thread that faulted is reading from it, so it is neither
    // released nor unmapped meanwhile. Its readers bear any bytes.
    let zeros = unsafe {
        libc::mmap(std::ptr::without_provenance_mut(page), end - page, libc::PROT_READ, flags, -1, 0)
    };
    zeros != libc::MAP_FAILED
}
