using ResLora.Adapters.LoraFiles;
using ResLora.Experiments.Exporting.Targets;
using ResLora.Formats;
using ResLora.Formats.Errors;

namespace ResLora.Experiments.Exporting;

/// <summary>All targets of exports.</summary>
public static class ExportTargets
{
    private const string Gguf = "GGUF files are what 'llama.cpp' writes; 'ollama' adds a Modelfile.";
    private const string Lora = "'peft' writes a LoRA folder for PEFT, 'vllm' one for vLLM.";
    private const string Model = "'hf' writes a whole model folder with model.safetensors, 'peft' an adapter.";
    private const string LoraFiles = "'a1111' writes the LoRA file that AUTOMATIC1111's web UI, Forge, ComfyUI and kohya's scripts read.";
    private const string Quantized =
        "Weights of 4 bits are not written; take 'hf' and let the tool of that format convert it, or 'llama.cpp' with --type q8_0.";

    // What people call a target, or ask for, and what they should take.
    private static readonly Dictionary<string, string> _otherNames = new(StringComparer.Ordinal)
    {
        ["gguf"] = Gguf,
        ["ggml"] = Gguf,
        ["llamacpp"] = Gguf,
        ["llama-cpp"] = Gguf,
        ["llama_cpp"] = Gguf,
        ["lmstudio"] = Gguf,
        ["lora"] = Lora,
        ["peft-lora"] = Lora,
        ["adapter"] = Lora,
        ["safetensors"] = Model,
        ["huggingface"] = Model,
        ["transformers"] = Model,
        ["merged"] = Model,
        ["model"] = Model,
        ["mlx"] = "MLX converts a model folder: take 'hf' and give the folder to mlx_lm.convert.",
        ["onnx"] = "ONNX is not written; take 'hf' and let Optimum convert the model folder.",
        ["gptq"] = Quantized,
        ["awq"] = Quantized,
        ["kohya"] = LoraFiles,
        ["webui"] = LoraFiles,
        ["automatic1111"] = LoraFiles,
        ["comfyui"] = LoraFiles,
        ["comfy"] = LoraFiles,
        ["forge"] = LoraFiles,
    };

    private static readonly IExportTarget[] _ours = [new PeftTarget(), new VllmTarget(), new HuggingFaceTarget(), new LlamaCppTarget(), new OllamaTarget(), new LoraFileTarget(LoraFileFormat.Diffusers), new LoraFileTarget(LoraFileFormat.Kohya)];
    private static readonly Additions<IExportTarget> _others = new();

    /// <summary>The targets, in the order in which they are listed.</summary>
    public static IReadOnlyList<IExportTarget> All => [.. _ours, .. _others.Items];

    /// <summary>Adds a target of one's own, which exports may then name.</summary>
    /// <param name="target">The target.</param>
    /// <returns>Disposing it takes the target out again.</returns>
    /// <exception cref="ArgumentException">There is a target of that name.</exception>
    public static IDisposable Register(IExportTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return All.All(known => known.Name != target.Name)
            ? _others.Add(target)
            : throw new ArgumentException($"There is a target '{target.Name}' already.", nameof(target));
    }

    /// <summary>The target of a name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The target.</returns>
    /// <exception cref="ConfigException">There is no such target.</exception>
    public static IExportTarget Get(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var names = All.Select(target => target.Name).ToArray();
        return All.FirstOrDefault(target => target.Name == name)
            ?? throw new ConfigException(
                $"There is no export target '{name}' ({string.Join(", ", names)})." +
                (_otherNames.TryGetValue(name.ToLowerInvariant(), out var hint) ? $" {hint}" : NearestName.Suggestion(name, names)));
    }
}
