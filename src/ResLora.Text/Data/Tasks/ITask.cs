using ResLora.Formats.Errors;

namespace ResLora.Text.Data.Tasks;

/// <summary>A kind of data: where its files are, how a row becomes prompt and completion, and how generated text is scored.</summary>
public interface ITask
{
    /// <summary>The name in configurations and on the command line.</summary>
    string Name { get; }

    /// <summary>What it is, in one line for listings.</summary>
    string Summary { get; }

    /// <summary>The columns that it reads, by its own names; a <see cref="ColumnMap"/> may rename them.</summary>
    IReadOnlyList<string> Columns { get; }

    /// <summary>
    /// The task's names of columns to those that the file read last has for them, where it has none of the task's own and they were
    /// guessed; else empty.
    /// </summary>
    IReadOnlyDictionary<string, string> GuessedColumns { get; }

    /// <summary>What stands around the text that is asked in a prompt; null when prompts are put together from several columns. Default:
    /// nothing.</summary>
    PromptFrame? Frame => PromptFrame.None;

    /// <summary>Reads samples in file order.</summary>
    /// <param name="path">The data set's own folder, or one file. A file is read as it is, whatever the split, unless the data set keeps
    /// all splits in one file.</param>
    /// <param name="split">The part that is wanted.</param>
    /// <param name="limit">The most samples to read; null for all. Rows after the last one wanted are not looked at.</param>
    /// <returns>The samples, at least one unless the limit is 0.</returns>
    /// <exception cref="FileFormatException">A file is missing, or is not in the data set's layout.</exception>
    /// <exception cref="ConfigException">The data set has no such split.</exception>
    IReadOnlyList<Sample> Read(string path, TaskSplit split, int? limit = null);

    /// <summary>The final answer that a generated text gives, to be compared with <see cref="Sample.Answer"/>, case and all.</summary>
    /// <param name="generated">The text generated after the prompt.</param>
    /// <returns>The answer, or null when there is none, which is wrong.</returns>
    string? ExtractAnswer(string generated);
}
