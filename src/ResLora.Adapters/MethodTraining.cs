using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>What a method does in training besides gradient steps: a state of one run, which checkpoints keep.</summary>
public abstract class MethodTraining : IDisposable
{
    /// <summary>
    /// Tensors that a run needs to go on bit for bit, by name; borrowed. Their shapes stay as they are from the beginning of a run.
    /// </summary>
    public virtual IEnumerable<KeyValuePair<string, Tensor>> State => [];

    /// <summary>A step is about to be made.</summary>
    /// <param name="step">The step, from 0.</param>
    public virtual void BeginStep(int step)
    {
    }

    /// <summary>What is added to the loss of a step, once; null for nothing.</summary>
    /// <returns>New scalar, in the caller's dispose scope, or null.</returns>
    public virtual Tensor? Penalty() => null;

    /// <summary>The optimizer has made a step; its gradients are still there.</summary>
    /// <param name="step">The step, from 0.</param>
    public virtual void EndStep(int step)
    {
    }

    /// <summary>A state was put back: blocks are brought to what it says.</summary>
    public virtual void Restored()
    {
    }

    /// <summary>Frees what the state holds.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
