using ResLora.Formats.Errors;
using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data;

/// <summary>Finds the file of a split in a data set's folder.</summary>
internal static class SplitFiles
{
    // How the hub names a split that fits into one Parquet file.
    private const string OnlyShard = "-00000-of-00001";

    /// <summary>The usual names of a split, without extension, the first one looked for first.</summary>
    /// <param name="split">The part that is wanted.</param>
    /// <returns>The names.</returns>
    public static IReadOnlyList<string> UsualNames(TaskSplit split) => split switch
    {
        TaskSplit.Train => ["train"],
        TaskSplit.Validation => ["validation", "valid", "dev"],
        _ => ["test", "heldout"],
    };

    /// <summary>Whether a folder holds a data file of any name.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Whether it does.</returns>
    /// <exception cref="FileFormatException">The folder cannot be read.</exception>
    public static bool HasData(string folder)
    {
        try
        {
            return Directory.EnumerateFiles(folder).Any(file => RowReader.Extensions.Contains(Path.GetExtension(file).ToLowerInvariant()));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileFormatException($"{folder} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>The first file that is there.</summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="names">The names without extension; none when the data set has no such split.</param>
    /// <param name="task">The task's name, for errors.</param>
    /// <param name="split">The part that is wanted, for errors.</param>
    /// <returns>The path.</returns>
    /// <exception cref="ConfigException">The data set has no such split.</exception>
    /// <exception cref="FileFormatException">No file is there.</exception>
    public static string Find(string folder, IReadOnlyList<string> names, string task, TaskSplit split)
    {
        if (names.Count == 0)
        {
            throw new ConfigException(
                $"Task '{task}' has no {split} split of its own; hold a part of the training data out for validation, or name one file instead of {folder}.");
        }

        return names
            .SelectMany(name => RowReader.Extensions.Select(extension => name + extension).Append(name + OnlyShard + ".parquet"))
            .Select(file => Path.Combine(folder, file))
            .FirstOrDefault(File.Exists)
            ?? throw new FileFormatException(
                $"{folder} has no file for the {split} split of task '{task}'; looked for {string.Join(", ", names)} with one of {string.Join(" ", RowReader.Extensions)}.");
    }
}
