using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.HuggingFace;
using ResLora.Tensors.Safetensors;

namespace ResLora.Models;

/// <summary>Says what to do where a model's folder was expected and none is.</summary>
public static class ModelPlace
{
    /// <summary>Refuses a path that is no folder and no GGUF file.</summary>
    /// <param name="folder">The path.</param>
    /// <exception cref="FileFormatException">It is neither; a hub's name of a model is told how to become one.</exception>
    internal static void Require(string folder)
    {
        if (!ModelFiles.IsPlace(folder))
        {
            throw new FileFormatException(
                $"{folder}: there is no such folder{HubHint(folder) ?? "; give a model folder (config.json), a GGUF file (.gguf) or a pipeline folder (model_index.json)."}");
        }

        if (!PipelineParts.IsPipeline(folder) && Directory.Exists(Path.Combine(folder, PipelineParts.UNet)))
        {
            throw new FileFormatException(
                $"{folder}: there is a folder {PipelineParts.UNet} as in a pipeline, and no {PipelineParts.IndexName}; get that file, too: it names the parts.");
        }
    }

    /// <summary>How to get a model whose name on a hub was given in place of a folder.</summary>
    /// <param name="folder">A path that does not exist.</param>
    /// <returns>The end of a sentence and more sentences, or null when the path does not look like such a name.</returns>
    public static string? HubHint(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        // Settings make full paths of what they name: the last two parts are what may be a hub's name. A folder of the first part speaks
        // against it.
        var parent = Path.GetDirectoryName(folder);
        var name = $"{Path.GetFileName(parent)}/{Path.GetFileName(folder)}";
        return string.IsNullOrEmpty(parent) || Directory.Exists(parent) || !HubReference.IsRepository(name)
            ? null
            : $". Is '{name}' the name of a model on a hub? Then write {HubReference.Prefix}{name}, which downloads it if need be.";
    }
}
