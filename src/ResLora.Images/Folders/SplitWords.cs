using System.Text.RegularExpressions;
using ResLora.Text.Data;

namespace ResLora.Images.Folders;

/// <summary>Finds the split that a folder or a file is named after: one of its words, whatever the case.</summary>
internal static partial class SplitWords
{
    private static readonly Dictionary<string, TaskSplit> _words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["train"] = TaskSplit.Train,
        ["training"] = TaskSplit.Train,
        ["validation"] = TaskSplit.Validation,
        ["valid"] = TaskSplit.Validation,
        ["dev"] = TaskSplit.Validation,
        ["val"] = TaskSplit.Validation,
        ["test"] = TaskSplit.Test,
        ["testing"] = TaskSplit.Test,
        ["eval"] = TaskSplit.Test,
        ["evaluation"] = TaskSplit.Test,
    };

    /// <summary>The split of a name.</summary>
    /// <param name="name">The name of a folder or a file, without its path.</param>
    /// <returns>The split; null when no word, or words of several splits, are in it.</returns>
    public static TaskSplit? Find(string name)
    {
        TaskSplit[] found = [.. Between().Split(name).Where(_words.ContainsKey).Select(word => _words[word]).Distinct()];
        return found.Length == 1 ? found[0] : null;
    }

    [GeneratedRegex(@"[-._ 0-9]+")]
    private static partial Regex Between();
}
