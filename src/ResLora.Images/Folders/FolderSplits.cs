using ResLora.Formats.Errors;
using ResLora.Text.Data;

namespace ResLora.Images.Folders;

/// <summary>
/// The splits that folders are named after. The topmost folder with such a name counts. Where there is one, every picture must lie in one:
/// Hugging Face drops the others without a word.
/// </summary>
internal sealed class FolderSplits
{
    /// <summary>Looks at the folders of pictures.</summary>
    /// <param name="names">The pictures' paths from the data set's folder.</param>
    /// <param name="root">That folder, for errors.</param>
    /// <exception cref="FileFormatException">Some pictures lie in the folder of a split and some do not.</exception>
    public FolderSplits(IReadOnlyList<string> names, string root)
    {
        var inside = names.FirstOrDefault(name => Place(name) >= 0);
        AreThere = inside is not null;
        if (AreThere && names.FirstOrDefault(name => Place(name) < 0) is { } outside)
        {
            throw new FileFormatException(
                $"'{root}': the folder '{inside!.Split('/')[Place(inside)]}' is named after a split, and '{outside}' lies in no such folder. "
                + "If it is a class, rename the folder; if it is a split, move the other pictures into one.");
        }
    }

    /// <summary>Whether there are such folders.</summary>
    public bool AreThere { get; }

    /// <summary>The split of a picture.</summary>
    /// <param name="name">Its path.</param>
    /// <returns>The split; Train where no folder is named after one.</returns>
    public TaskSplit Of(string name) => AreThere ? SplitWords.Find(name.Split('/')[Place(name)])!.Value : TaskSplit.Train;

    /// <summary>The folders of a picture below that of its split.</summary>
    /// <param name="name">Its path.</param>
    /// <returns>Their names, outermost first.</returns>
    public string[] FoldersBelow(string name) => name.Split('/')[(AreThere ? Place(name) + 1 : 0)..^1];

    // Of the folders of a path the first that is named after a split; -1 for none. The file's own name does not count.
    private static int Place(string name) => Array.FindIndex(name.Split('/')[..^1], folder => SplitWords.Find(folder) is not null);
}
