using System.Text.RegularExpressions;
using ResLora.Formats.Errors;

namespace ResLora.Models;

/// <summary>Says what to do where a model's folder was expected and none is.</summary>
internal static partial class ModelPlace
{
    /// <summary>Refuses a path that is no folder.</summary>
    /// <param name="folder">The path.</param>
    /// <exception cref="FileFormatException">It is no folder; a hub's name of a model is told how to become one.</exception>
    public static void Require(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        // Settings make full paths of what they name: the last two parts are what may be a hub's name. A folder of the first part speaks against it.
        var parent = Path.GetDirectoryName(folder);
        if (string.IsNullOrEmpty(parent) || Directory.Exists(parent) || !HubName().IsMatch(folder.Replace('\\', '/')))
        {
            throw new FileFormatException($"{folder}: there is no such folder; give a model folder with config.json, tokenizer.json and model.safetensors.");
        }

        var name = Path.GetFileName(folder);
        var whole = $"{Path.GetFileName(parent)}/{name}";
        throw new FileFormatException(
            $"{folder}: there is no such folder. Is '{whole}' the name of a model on a hub? Models are not downloaded here: get it once, for example with " +
            $"'hf download {whole} --local-dir {name}' or a git clone with LFS, and give its folder ({name}).");
    }

    [GeneratedRegex(@"(^|/)[\w.-]+/[\w.-]+$")]
    private static partial Regex HubName();
}
