using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Training.Distributed;

/// <summary>
/// Adds the gradients of all ranks up, of what is trained and nothing else: they travel as one row of float32, behind which a number for
/// each parameter says whether it has a gradient at all.
/// </summary>
/// <param name="ranks">The ranks.</param>
/// <param name="parameters">What is trained, borrowed.</param>
/// <param name="reduction">In which order.</param>
internal sealed class GradientSum(ICommunicator ranks, IReadOnlyList<Parameter> parameters, Reduction reduction) : IDisposable
{
    private readonly long _length = parameters.Sum(parameter => parameter.numel()) + parameters.Count;
    private readonly List<Tensor> _passes = [];
    private Tensor? _row;

    private bool IsOrdered => reduction == Reduction.Ordered;

    /// <summary>Called after each backward pass: where order counts, its gradients are set aside.</summary>
    public void PassDone()
    {
        if (IsOrdered)
        {
            var row = zeros(_length, dtype: float32).DetachFromDisposeScope();
            Read(row);
            _passes.Add(row);
            Clear();
        }
    }

    /// <summary>Gives every parameter the sum of its gradients over all passes of all ranks: the same bits on each.</summary>
    public void Finish()
    {
        if (ranks.Size == 1 && !IsOrdered)
        {
            return;
        }

        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        // In order they are added up by the processor, which is the same one everywhere.
        _row ??= zeros(_length, dtype: float32, device: IsOrdered ? CPU : parameters[0].device).DetachFromDisposeScope();
        _row.zero_();
        if (IsOrdered)
        {
            AddInOrder(_row);
        }
        else
        {
            Read(_row);
            ranks.Sum(_row);
        }

        Write(_row);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _row?.Dispose();
        Forget();
    }

    /// <summary>From rank to rank, each of which adds its own passes to what those before it have: ((g_0 + g_1) + g_2) + …</summary>
    private void AddInOrder(Tensor row)
    {
        var bytes = row.bytes;
        if (ranks.Rank > 0)
        {
            ranks.Receive(bytes, ranks.Rank - 1);
        }

        foreach (var pass in _passes)
        {
            row.add_(pass);
        }

        Forget();
        var last = ranks.Size - 1;
        if (ranks.Rank < last)
        {
            ranks.Send(bytes, ranks.Rank + 1);
        }

        if (last > 0)
        {
            ranks.Broadcast(bytes, last).CopyTo(bytes);
        }
    }

    private void Read(Tensor row)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var (start, number) = (0L, _length - parameters.Count);
        foreach (var parameter in parameters)
        {
            if (parameter.grad is { } gradient)
            {
                row.narrow(0, start, gradient.numel()).copy_(gradient.flatten());
                row.narrow(0, number, 1).fill_(1);
            }

            (start, number) = (start + parameter.numel(), number + 1);
        }
    }

    private void Write(Tensor row)
    {
        using var scope = NewDisposeScope();
        var has = row.narrow(0, _length - parameters.Count, parameters.Count).cpu().data<float>().ToArray();
        var start = 0L;
        foreach (var (parameter, count) in parameters.Zip(has))
        {
            if (count > 0)
            {
                var sum = row.narrow(0, start, parameter.numel()).view(parameter.shape);
                if (parameter.grad is { } gradient)
                {
                    gradient.copy_(sum);
                }
                else
                {
                    parameter.grad = sum.to(parameter.device, copy: true);
                }
            }

            start += parameter.numel();
        }
    }

    private void Clear()
    {
        foreach (var parameter in parameters)
        {
            parameter.grad?.Dispose();
            parameter.grad = null;
        }
    }

    private void Forget()
    {
        _passes.ForEach(pass => pass.Dispose());
        _passes.Clear();
    }
}
