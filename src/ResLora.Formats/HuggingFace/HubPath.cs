using System.Buffers;
using System.Text;

namespace ResLora.Formats.HuggingFace;

/// <summary>
/// Which paths of files in a hub's repository may become paths here: those that stay in their folder on every system. The names come from a
/// server and are not to be trusted.
/// </summary>
public static class HubPath
{
    private const int LongestName = 255;
    private const int LongestPath = 1024;

    private static readonly SearchValues<char> _forbiddenOnWindows = SearchValues.Create("<>:\"|?*");

    private static readonly string[] _devices =
    [
        "CON", "PRN", "AUX", "NUL", .. Enumerable.Range(0, 10).SelectMany(number => new[] { $"COM{number}", $"LPT{number}" }),
    ];

    /// <summary>What is wrong with a path.</summary>
    /// <param name="path">The path in the repository, with <c>/</c> between its parts.</param>
    /// <returns>A phrase that follows the path; null when nothing is wrong.</returns>
    public static string? Problem(string path) => Problem(path, OperatingSystem.IsWindows());

    /// <summary>As the other overload, for a system.</summary>
    /// <param name="path">The path.</param>
    /// <param name="isWindows">Whether names have to be possible on Windows.</param>
    internal static string? Problem(string path, bool isWindows)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Length is 0 or > LongestPath)
        {
            return path.Length == 0 ? "is empty" : $"has more than {LongestPath} characters";
        }

        if (path.Any(char.IsControl))
        {
            return "has a control character";
        }

        return path.Contains('\\', StringComparison.Ordinal)
            ? "has a backslash"
            : path.Split('/').Select(part => PartProblem(part, isWindows)).FirstOrDefault(problem => problem is not null);
    }

    private static string? PartProblem(string part, bool isWindows)
    {
        if (part is "" or "." or "..")
        {
            return "leads out of its folder, or has an empty part";
        }

        if (Encoding.UTF8.GetByteCount(part) > LongestName)
        {
            return $"has a part of more than {LongestName} bytes";
        }

        return isWindows && (part.AsSpan().ContainsAny(_forbiddenOnWindows) || part[^1] is '.' or ' ' || _devices.Contains(
            part.Split('.')[0].TrimEnd(), StringComparer.OrdinalIgnoreCase))
            ? "is no name of a file on Windows"
            : null;
    }
}
