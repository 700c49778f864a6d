using System.Text.RegularExpressions;
using ResLora.Formats.Errors;

namespace ResLora.Formats.Files;

/// <summary>
/// Hidden names beside a target, such as <c>.model.1234-x3k2p1abq0z.tmp</c>: on the same disk, so that a rename into place is one step.
/// They name the target and the process that made them, so that what it leaves when it is killed is known for ours.
/// </summary>
internal static partial class TemporarySibling
{
    /// <summary>What is being made, or is being deleted.</summary>
    public const string New = "tmp";

    /// <summary>A whole folder that was moved aside and is to be deleted once its successor is in place.</summary>
    public const string Old = "old";

    /// <summary>A whole folder whose files are being moved into place one by one.</summary>
    public const string Complete = "new";

    /// <summary>A name in the target's folder that nobody else uses.</summary>
    /// <exception cref="ConfigException">The target is the root of a disk.</exception>
    public static string Of(string target, string extension)
    {
        var parent = Path.GetDirectoryName(target)
            ?? throw new ConfigException($"'{target}' is the root of a disk and cannot be written as a whole; name a folder in it.");
        return Inside(parent, Path.GetFileName(target), extension);
    }

    /// <summary>As <see cref="Of"/>, in a folder.</summary>
    public static string Inside(string folder, string name, string extension) =>
        Path.Combine(
            folder, $".{name}.{Environment.ProcessId}-{Path.GetRandomFileName().Replace(".", "", StringComparison.Ordinal)}.{extension}");

    /// <summary>The parts of such a name; no success for any other.</summary>
    public static Match Parse(string path) => Pattern().Match(Path.GetFileName(path));

    /// <summary>A path as the user knows it: what is written under a hidden name, under that of its target.</summary>
    public static string Shown(string path)
    {
        var shown = path.Split(Path.DirectorySeparatorChar)
            .Select(part => Parse(part) is { Success: true } hidden ? hidden.Groups["name"].Value : part)
            .Where(part => part != WrittenThrough.Name);
        return string.Join(Path.DirectorySeparatorChar, shown);
    }

    /// <summary>Deletes a file or folder if it is there; a failure leaves a hidden stray and is not worth hiding the first error.</summary>
    public static void Remove(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
            else
            {
                File.Delete(path);
            }
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            // Nothing more can be done here, and the caller has the real outcome to report.
        }
    }

    [GeneratedRegex(@"^\.(?<name>.+)\.(?<process>[0-9]{1,10})-[a-z0-9]{11}\.(?<kind>tmp|old|new)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
