using ResLora.Adapters;
using ResLora.Adapters.Methods.Lora;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tensors.NativeRuntime;
using ResLora.Training.Distributed;
using ResLora.Training.Distributed.Pipeline;
using ResLora.Training.Objectives;
using TorchSharp;

namespace ResLora.Training.Loop;

/// <summary>What can be trained as a pipeline.</summary>
public static class PipelineTerms
{
    /// <summary>Whether a run is a pipeline: it is set so, and there are several processes.</summary>
    /// <param name="config">How to train.</param>
    /// <param name="ranks">The processes.</param>
    public static bool AreOf(TrainConfig config, ICommunicator ranks)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(ranks);
        return config.Parallel == Parallelism.Pipeline && ranks.Size > 1;
    }

    /// <inheritdoc cref="AreOf(TrainConfig, ICommunicator)"/>
    internal static bool AreOf(TrainSetup setup) => AreOf(setup.Config, setup.Communicator);

    /// <summary>Refuses settings that do not go with a pipeline, before a weight is read.</summary>
    /// <param name="config">How to train.</param>
    /// <param name="adapter">The adapter's settings; null where the model itself is trained.</param>
    /// <param name="measuresMore">Whether more is measured while it trains than the objective does.</param>
    /// <exception cref="ConfigException">They do not; all problems are named.</exception>
    public static void Require(TrainConfig config, AdapterConfig? adapter, bool measuresMore)
    {
        ArgumentNullException.ThrowIfNull(config);
        Throw(Problems(config, adapter, measuresMore));
    }

    /// <summary>As the other overload, once the adapter is on the model.</summary>
    /// <param name="config">How to train.</param>
    /// <param name="adapter">The adapter; null where the model itself is trained.</param>
    /// <param name="measuresMore">As for the other overload.</param>
    /// <exception cref="ConfigException">As for the other overload.</exception>
    public static void Require(TrainConfig config, AdaptedModel? adapter, bool measuresMore)
    {
        ArgumentNullException.ThrowIfNull(config);
        Throw(Problems(config, adapter, measuresMore));
    }

    /// <summary>Refuses a run that is to be a pipeline and cannot; else does nothing.</summary>
    /// <exception cref="ConfigException">It cannot; all problems are named.</exception>
    internal static void Require(TrainSetup setup)
    {
        if (!AreOf(setup))
        {
            return;
        }

        var isOther = setup.Objective is not NextTokenObjective;
        Throw(Problems(setup.Config, setup.Adapter, setup.ExtraMetrics is not null).Concat(isOther
            ? ["the task is none of a model that continues texts; take one that generates text"] : []));
        StageShares.Of((CausalLanguageModel)setup.Model, setup.Communicator.Size);
    }

    private static IEnumerable<string> Problems(TrainConfig config, AdaptedModel? adapter, bool measuresMore) =>
        Problems(config, adapter?.Config, measuresMore).Concat(adapter is { SavedModules.Count: > 0 } or { Tokens.Count: > 0 }
            ? ["the adapter brings whole modules or tokens of its own; start from one of LoRA blocks alone"] : []);

    private static IEnumerable<string> Problems(TrainConfig config, AdapterConfig? adapter, bool measuresMore)
    {
        if (ComputeDevice.Current.type != DeviceType.CPU)
        {
            yield return $"its processes compute on processors alone, and there is a GPU; set {ComputeDevice.Variable}=cpu";
        }

        if (config.Reduction != Reduction.Fast)
        {
            yield return "training.reduction orders the gradients of processes that divide samples; leave it out";
        }

        if (adapter is null)
        {
            yield return "all weights are to be trained, and a pipeline trains an adapter alone; set adapter";
        }
        else if (adapter.Kind.GetType() != typeof(LoraMethod))
        {
            yield return $"the adapter is {adapter.Kind.Title}, and a pipeline trains LoRA with or without a shortcut; "
                + "set adapter.method: lora";
        }
        else if (adapter.Lora is { IsFromWeight: true } or { Bias: not BiasTraining.None })
        {
            yield return "adapter.lora takes first values or biases from weights that not every process has; "
                + "set initialization to kaiming or gaussian and bias to none";
        }

        if (measuresMore)
        {
            yield return "generated answers (training.bestMetric) and merges (merging.evaluate) are not measured while it trains; "
                + "choose by eval_loss, and measure the saved adapter (reslora evaluate)";
        }
    }

    private static void Throw(IEnumerable<string> problems)
    {
        string[] all = [.. problems];
        if (all.Length > 0)
        {
            throw new ConfigException($"training.parallel is pipeline: {string.Join("; ", all)}.");
        }
    }
}
