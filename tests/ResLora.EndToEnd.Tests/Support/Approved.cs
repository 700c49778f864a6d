using Xunit;

namespace ResLora.EndToEnd.Tests.Support;

/// <summary>Texts that somebody has looked at: tests/ResLora.EndToEnd.Tests/Approved. RESLORA_APPROVE=1 writes them anew.</summary>
internal static class Approved
{
    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Compares a text with the approved one.</summary>
    /// <param name="name">The file's name without its extension.</param>
    /// <param name="text">The text.</param>
    public static void Check(string name, string text)
    {
        var file = Path.Combine(Root, "tests", "ResLora.EndToEnd.Tests", "Approved", name + ".txt");
        // Trailing blanks are invisible and editors eat them.
        var actual = string.Join('\n', text.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd())).TrimEnd('\n') + "\n";
        if (Environment.GetEnvironmentVariable("RESLORA_APPROVE") == "1")
        {
            File.WriteAllText(file, actual);
        }

        Assert.Equal(File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n") : "", actual);
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ResLora.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no folder above {AppContext.BaseDirectory} holds ResLora.slnx");
    }
}
