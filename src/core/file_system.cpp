// SPDX-License-Identifier: Apache-2.0
#include "core/file_system.hpp"

#include "core/fail_point.hpp"
#include "millrace/core/error.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace millrace {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const char* doing, const fs::path& path, std::error_code error) {
    std::string hint;
    if (error == std::errc::no_space_on_device) {
        hint = "; free space, or set state.dir to a larger disk";
    } else if (error == std::errc::permission_denied || error == std::errc::read_only_file_system ||
               error == std::errc::operation_not_permitted) {
        hint =
            "; the user who runs the process must be able to write there: check owner, mode and "
            "state.dir";
    }
    throw StateError(std::string("cannot ") + doing + ": " + path.string() + ": " +
                     error.message() + hint);
}

[[noreturn]] void fail(const char* doing, const fs::path& path) {
    fail(doing, path, std::error_code(errno, std::generic_category()));
}

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int number() const noexcept { return number_; }

  private:
    int number_;
};

class SystemLock final : public FileLock {
  public:
    SystemLock(const fs::path& file)
        : file_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        if (file_.number() < 0) {
            fail("open lock file", file);
        }
    }

    bool lock(const fs::path& file) {
        if (::flock(file_.number(), LOCK_EX | LOCK_NB) == 0) {
            return true;
        }
        if (errno != EWOULDBLOCK) {
            fail("lock", file);
        }
        return false;
    }

    void write(const fs::path& file, BytesView content) {
        if (::ftruncate(file_.number(), 0) != 0 ||
            ::pwrite(file_.number(), content.data(), content.size(), 0) !=
                static_cast<ssize_t>(content.size())) {
            fail("write", file);
        }
    }

    Bytes read() const {
        char text[256];
        const ssize_t size = ::pread(file_.number(), text, sizeof text, 0);
        return Bytes(text, size > 0 ? static_cast<std::size_t>(size) : 0);
    }

  private:
    Descriptor file_;  // Closing the file releases the lock.
};

class SystemFiles final : public FileSystem {
  public:
    void make_private_directory(const Path& directory) override {
        std::error_code error;
        fs::create_directories(directory, error);
        if (!error) {
            fs::permissions(directory, fs::perms::owner_all, error);
        }
        if (error) {
            fail("create folder", directory, error);
        }
    }

    bool exists(const Path& path) const override {
        std::error_code error;
        return fs::exists(path, error);
    }

    std::vector<std::string> list(const Path& directory) const override {
        std::vector<std::string> names;
        std::error_code error;
        for (fs::directory_iterator at(directory, error), end; !error && at != end;
             at.increment(error)) {
            names.push_back(at->path().filename().string());
        }
        if (error && error != std::errc::no_such_file_or_directory) {
            fail("list folder", directory, error);
        }
        std::sort(names.begin(), names.end());
        return names;
    }

    bool is_directory(const Path& path) const override {
        std::error_code error;
        return fs::is_directory(path, error);
    }

    std::optional<Timestamp> modified_at(const Path& path) const override {
        struct stat about {};
        if (::stat(path.c_str(), &about) != 0) {
            return std::nullopt;
        }
        return timestamp_of(std::int64_t{about.st_mtim.tv_sec} * 1000 +
                            about.st_mtim.tv_nsec / 1'000'000);
    }

    void touch(const Path& path) override {
        if (::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) != 0) {
            fail("touch", path);
        }
    }

    void remove_all(const Path& path) override {
        std::error_code error;
        fs::remove_all(path, error);
        if (error) {
            fail("remove", path, error);
        }
    }

    std::optional<Bytes> read(const Path& file) const override {
        const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
        if (in.number() < 0) {
            if (errno == ENOENT) {
                return std::nullopt;
            }
            fail("read", file);
        }
        Bytes content;
        char part[4096];
        while (true) {
            const ssize_t size = ::read(in.number(), part, sizeof part);
            if (size < 0) {
                fail("read", file);
            }
            if (size == 0) {
                return content;
            }
            content.append(part, static_cast<std::size_t>(size));
        }
    }

    void write(const Path& file, BytesView content) override {
        const Path fresh = file.string() + ".tmp";
        {
            const Descriptor out(
                ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
            if (out.number() < 0) {
                fail("write", fresh);
            }
            while (!content.empty()) {
                const ssize_t size = ::write(out.number(), content.data(), content.size());
                if (size < 0) {
                    fail("write", fresh);
                }
                content.remove_prefix(static_cast<std::size_t>(size));
            }
            if (::fsync(out.number()) != 0) {
                fail("write", fresh);
            }
        }
        MILLRACE_FAIL_POINT("directory.file_synced");
        if (::rename(fresh.c_str(), file.c_str()) != 0) {
            fail("write", file);
        }
    }

    std::unique_ptr<FileLock> try_lock(const Path& file, BytesView content,
                                       Bytes& holder) override {
        auto lock = std::make_unique<SystemLock>(file);
        if (!lock->lock(file)) {
            holder = lock->read();
            return nullptr;
        }
        lock->write(file, content);
        return lock;
    }
};

}  // namespace

FileSystem& system_files() {
    static SystemFiles files;
    return files;
}

}  // namespace millrace
