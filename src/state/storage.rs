//! Whether other machines see a folder, by its file system.

use std::path::Path;

/// The kind of storage of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// On a shared file system of this kind.
    Shared(&'static str),
    /// On a disk or in the memory of this machine.
    Own(&'static str),
    Unknown,
}

/// By Linux's file system numbers; others, such as FUSE, may be either.
const KNOWN: [(u64, Storage); 18] = [
    (0x6969, Storage::Shared("nfs")),
    (0xff53_4d42, Storage::Shared("cifs")),
    (0xfe53_4d42, Storage::Shared("smb")),
    (0x00c3_6400, Storage::Shared("ceph")),
    (0x0bd0_0bd0, Storage::Shared("lustre")),
    (0x4750_4653, Storage::Shared("gpfs")),
    (0x5346_414f, Storage::Shared("afs")),
    (0x7461_636f, Storage::Shared("ocfs2")),
    (0x0116_1970, Storage::Shared("gfs2")),
    (0x1983_0326, Storage::Shared("beegfs")),
    (0xef53, Storage::Own("ext4")),
    (0x5846_5342, Storage::Own("xfs")),
    (0x9123_683e, Storage::Own("btrfs")),
    (0xf2f5_2010, Storage::Own("f2fs")),
    (0x2fc1_2fc1, Storage::Own("zfs")),
    (0x0102_1994, Storage::Own("tmpfs")),
    (0x8584_58f6, Storage::Own("ramfs")),
    (0x794c_7630, Storage::Own("overlayfs")),
];

/// The storage of a folder; if it does not exist yet, that of its nearest existing parent.
pub fn storage_of(folder: &Path) -> Storage {
    let found = folder.ancestors().find_map(|above| rustix::fs::statfs(above).ok());
    let Some(found) = found else { return Storage::Unknown };
    // The type differs between architectures, and older kernels sign it.
    let number = (found.f_type as u64) & 0xffff_ffff;
    let known = KNOWN.iter().find(|(known, _)| *known == number);
    known.map_or(Storage::Unknown, |(_, storage)| *storage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_the_memory_of_this_machine_is_its_own() {
        let shm = Path::new("/dev/shm/not/there/yet");
        if Path::new("/dev/shm").is_dir() {
            assert_eq!(storage_of(shm), Storage::Own("tmpfs"));
        }
        assert_eq!(storage_of(Path::new("/proc")), Storage::Unknown);
    }
}
