using System.Text.Json.Nodes;
using ResLora.Experiments.Configuration;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tensors.NativeRuntime;
using ResLora.Training.Objectives;
using static TorchSharp.torch;

namespace ResLora.Experiments.Pretraining;

/// <summary>A model made from a description, with the files that it is saved as and the data that it learns from.</summary>
internal abstract class NewModel : IDisposable
{
    private readonly PretrainConfig _setup;
    private readonly JsonObject _config;
    private readonly IReadOnlyDictionary<string, byte[]> _companions;
    private readonly ScalarType _savedType;

    /// <summary>Takes what was described.</summary>
    /// <param name="setup">The settings, free of problems.</param>
    /// <param name="network">The network that is to be made.</param>
    /// <param name="companions">The files that stand beside its weights.</param>
    /// <exception cref="ConfigException">It cannot be made.</exception>
    protected NewModel(PretrainConfig setup, NewNetwork network, IReadOnlyDictionary<string, byte[]> companions)
    {
        ConfigBinder.ThrowIfAny("model", network.Problems);
        (_setup, _config, _companions, Model) = (setup, network.Config, companions, network.Build());
        _savedType = setup.SaveAs switch
        {
            "float32" => ScalarType.Float32,
            "float16" => ScalarType.Float16,
            _ => ScalarType.BFloat16,
        };
    }

    /// <summary>The model; on the meta device until its weights are drawn.</summary>
    public Network Model { get; }

    /// <summary>What the model learns.</summary>
    public abstract Objective Objective { get; }

    /// <summary>The tokens that it knows; null for a model that knows none.</summary>
    public abstract long? Vocabulary { get; }

    private long ShardBytes => ByteSize.Parse("maxShardSize", _setup.MaxShardSize);

    /// <summary>Reads the data and makes what it asks for.</summary>
    /// <param name="config">The settings, free of problems.</param>
    /// <returns>The model, without weights yet; owned by the caller.</returns>
    /// <exception cref="ResLoraException">The description cannot be carried out, or files cannot be used.</exception>
    public static NewModel Of(PretrainConfig config) =>
        config.Objective == PretrainObjective.Pictures ? NewPictureModel.Of(config) : NewTextModel.Of(config);

    /// <summary>Makes examples of the data.</summary>
    /// <returns>Those to learn, those held out, and what there is to say of them.</returns>
    /// <exception cref="ConfigException">The data cannot be learnt by this model.</exception>
    public abstract (IReadOnlyList<IExample> Train, IReadOnlyList<IExample> HeldOut, KeyValuePair<string, string> Fact) Encode();

    /// <summary>Draws the weights to train: float32, every one of them trainable.</summary>
    public void Initialize() =>
        ModelWeights.Initialize(Model, _setup.Model.InitializerRange, _setup.Training.Seed, float32, ComputeDevice.Current);

    /// <summary>Writes the model folder with the weights that the model has.</summary>
    public void Save(string folder) => ModelFolder.Write(Model, _config, _companions, folder, _savedType, overwrite: true, ShardBytes);

    /// <summary>Writes the model folder with random weights that are drawn on the way; the model itself stays without.</summary>
    public void SaveUntrained(string folder, bool overwrite) => ModelFolder.WriteDrawn(
        Model, _config, _companions, folder, new NewWeights(
            _setup.Model.InitializerRange, _setup.Training.Seed), _savedType, overwrite, ShardBytes);

    public void Dispose() => Model.Dispose();
}
