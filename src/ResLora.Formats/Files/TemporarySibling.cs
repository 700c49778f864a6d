using ResLora.Formats.Errors;

namespace ResLora.Formats.Files;

/// <summary>Hidden names beside a target: on the same disk, so that a rename into place is one step.</summary>
internal static class TemporarySibling
{
    /// <summary>A name such as <c>.model.x3k2p1ab.q0z.tmp</c> in the target's folder that nobody else uses.</summary>
    /// <exception cref="ConfigException">The target is the root of a disk.</exception>
    public static string Of(string target, string extension)
    {
        var parent = Path.GetDirectoryName(target)
            ?? throw new ConfigException($"'{target}' is the root of a disk and cannot be written as a whole; name a folder in it.");
        return Path.Combine(parent, $".{Path.GetFileName(target)}.{Path.GetRandomFileName()}.{extension}");
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
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Nothing more can be done here, and the caller has the real outcome to report.
        }
    }
}
