using ResLora.Formats.NativeRuntime;

namespace ResLora.Formats.Files;

/// <summary>Where a path really is: through symbolic links, and whatever else a folder is called.</summary>
internal static class FilePlace
{
    private static readonly StringComparison _names = OperatingSystem.IsLinux()
        ? StringComparison.Ordinal
        : StringComparison.OrdinalIgnoreCase;

    /// <summary>
    /// The full path without symbolic links and without a separator at its end. What does not exist yet stands behind what does.
    /// </summary>
    public static string Of(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        return DiskCalls.RealPath(full) is { } real ? real
            : Path.GetDirectoryName(full) is { } parent ? Path.Combine(Of(parent), Path.GetFileName(full)) : full;
    }

    /// <summary>The place of the current folder; null when it was deleted.</summary>
    public static string? Current()
    {
        try
        {
            return Of(Directory.GetCurrentDirectory());
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            return null;
        }
    }

    /// <summary>Whether two places are the same file or folder.</summary>
    public static bool AreSame(string one, string other) => string.Equals(one, other, _names)
        || (DiskCalls.Identity(one) is { } identity && identity == DiskCalls.Identity(other));

    /// <summary>Whether a place is a folder, or lies in it at any depth.</summary>
    public static bool IsWithin(string place, string folder)
    {
        for (var at = place; at is not null; at = Path.GetDirectoryName(at))
        {
            if (AreSame(at, folder))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a folder is where a disk, or a part of one, is mounted.</summary>
    public static bool IsMount(string place)
    {
        try
        {
            return DriveInfo.GetDrives().Any(drive => string.Equals(Path.TrimEndingDirectorySeparator(drive.Name), place, _names));
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            return false;   // the rename then tells
        }
    }
}
