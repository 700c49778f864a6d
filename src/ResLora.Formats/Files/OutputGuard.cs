using ResLora.Formats.Errors;

namespace ResLora.Formats.Files;

/// <summary>Keeps outputs from replacing what is not ours, and what they are made of.</summary>
public static class OutputGuard
{
    /// <summary>Checks that a file may be written or replaced: it is none of the inputs and in no input folder.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="inputs">Files and folders that are read; null entries count for nothing.</param>
    /// <exception cref="ConfigException">It would be written over an input.</exception>
    public static void RequireFile(string path, params IEnumerable<string?> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var place = FilePlace.Of(path);
        if (!Path.Exists(path))
        {
            return;
        }

        foreach (var input in inputs.OfType<string>())
        {
            // The link itself is what a file is renamed over.
            if (FilePlace.IsWithin(place, FilePlace.Of(input)) || FilePlace.IsWithin(Path.GetFullPath(path), Path.GetFullPath(input)))
            {
                throw new ConfigException($"'{path}' would be written over what is read ({input}); choose another output.");
            }
        }
    }

    /// <summary>Checks that a file may be written where nothing is yet.</summary>
    /// <param name="path">The file to write.</param>
    /// <exception cref="ConfigException">Something is there.</exception>
    public static void RequireNew(string path)
    {
        if (Path.Exists(path))
        {
            throw new ConfigException($"'{path}' is there already, and nothing is replaced; name another output.");
        }

        RequireFile(path);
    }

    /// <summary>
    /// Checks that a folder may be written as a whole: it does not exist, is empty, or was written by us and holds nothing else. Never a
    /// folder that holds an input, the current folder's parent, a home folder or the root of a disk. Nothing is changed, but what a killed
    /// process left there is cleared away or completed.
    /// </summary>
    /// <param name="path">The folder to write.</param>
    /// <param name="overwrite">Whether a folder that has content may be replaced.</param>
    /// <param name="inputs">Files and folders that are read; null entries count for nothing.</param>
    /// <exception cref="ConfigException">It may not.</exception>
    public static void RequireFolder(string path, bool overwrite, params IEnumerable<string?> inputs)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(inputs);
        var place = FilePlace.Of(path);
        if (Path.GetDirectoryName(place) is null)
        {
            throw new ConfigException($"'{path}' is the root of a disk and cannot be written as a whole; name a folder in it.");
        }

        RequireNoDeadLink(path, place);
        if (File.Exists(place))
        {
            throw new ConfigException($"'{path}' is a file; a folder is to be written there. Choose another path.");
        }

        foreach (var input in inputs.OfType<string>())
        {
            RequireNotAround(path, place, input);
        }

        RequirePlain(path, place);
        Leftovers.SweepBeside(place);
        if (!Directory.Exists(place))
        {
            return;
        }

        WrittenThrough.Complete(place);
        if (Content(place).Count == 0)
        {
            return;
        }

        if (!overwrite)
        {
            throw new ConfigException($"Folder '{path}' exists and is not empty; choose another path, or replace it with --overwrite.");
        }

        foreach (var input in inputs.OfType<string>())
        {
            RequireNotIn(path, place, input);
        }

        RequireOurs(path, place);
    }

    /// <summary>
    /// What lies in a folder, but for what a killed process of ours left there and what a file system puts into every disk.
    /// </summary>
    internal static IReadOnlyList<string> Content(string place) =>
        [.. Directory.EnumerateFileSystemEntries(place).Select(entry => Path.GetFileName(entry)).Where(name => !IsNothing(name, place))];

    /// <summary>Refuses to replace a folder that has no marker, or holds what its marker does not name.</summary>
    internal static void RequireOurs(string path, string place)
    {
        string[] foreign = [.. OutputMarker.Foreign(place).Where(name => !IsNothing(name.Split('/')[0], place))];
        if (foreign.Length == 0)
        {
            return;
        }

        var some =
            string.Join(", ", foreign.Take(3).Select(name => $"'{name}'")) + (foreign.Length > 3 ? $" and {foreign.Length - 3} more" : "");
        throw new ConfigException(OutputMarker.IsIn(place)
            ? $"Folder '{path}' is not replaced, because it also holds files that reslora did not write there: {some}. Move them away or choose another path."
            : $"Folder '{path}' is not replaced, because reslora did not write it (it has no {OutputMarker.FileName}, and holds {some}). Move it away or choose another path.");
    }

    private static bool IsNothing(string name, string place) =>
        TemporarySibling.Parse(name).Success || (name == "lost+found" && FilePlace.IsMount(place));

    private static void RequireNoDeadLink(string path, string place)
    {
        // All other links are followed by now.
        if (new FileInfo(place).LinkTarget is { } target)
        {
            throw new ConfigException($"'{path}' is a link to '{target}', which does not exist; make that folder or choose another path.");
        }
    }

    private static void RequirePlain(string path, string place)
    {
        if (FilePlace.Current() is { } current && FilePlace.IsWithin(current, place) && !FilePlace.AreSame(current, place))
        {
            throw new ConfigException($"Folder '{path}' holds the current folder and is not written as a whole; name a folder in it.");
        }

        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (home.Length > 0 && FilePlace.AreSame(FilePlace.Of(home), place))
        {
            throw new ConfigException($"'{path}' is your home folder and is not written as a whole; name a folder in it.");
        }
    }

    private static void RequireNotAround(string path, string place, string input)
    {
        if (FilePlace.IsWithin(FilePlace.Of(input), place))
        {
            throw new ConfigException($"Folder '{path}' would be written over what it is made from ({input}); choose another output.");
        }
    }

    private static void RequireNotIn(string path, string place, string input)
    {
        if (FilePlace.IsWithin(place, FilePlace.Of(input)))
        {
            throw new ConfigException(
                $"Folder '{path}' is not replaced, because it lies in what is read ({input}); choose another output.");
        }
    }
}
