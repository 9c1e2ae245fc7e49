"""Causal attention for training."""

import jax
import jax.numpy as jnp
from jax import lax
__all__ = ["attend"]
bar=lax.optimization_barrier
def attend(q, k, v, places):
    B, P, H, D = q.shape
    T, G = k.shape[1:3]
    if places is None: places=jnp.broadcast_to(jnp.arange(T),(B,T))
    q = (q.reshape(B, P, G, H // G, D)*D**-0.5).transpose(0, 2, 3, 1, 4).reshape(B*G, -1, D)
    k=k.transpose(0,2,1,3).reshape(B*G,T,D)
    v=v.transpose(0,2,1,3).reshape(B*G,T,D)
    place=jnp.broadcast_to(places[:,None,None],(B,G,H//G,P)).reshape(B*G,-1)
    o=core(q,k,v,place)
    return o.reshape(B,G,H//G,P,D).transpose(0, 3, 1, 2, 4).reshape(B, P, H, D)

@jax.custom_vjp
def core(q,k,v,place):
    return fwd(q,k,v,place)[0]

def fwd(q,k,v,place):
    # N,P,D
    T=k.shape[1]
    kT=bar(k.transpose(0,2,1))
    s=jnp.einsum('npd,ndt->npt',q,kT)
    s=jnp.where(jnp.arange(T)[None,None]<=place[:,:,None],s,-1e30)
    m=s.max(-1,keepdims=True)
    p=jnp.exp(s-m); l=p.sum(-1,keepdims=True)
    o=jnp.einsum('npt,ntd->npd',p,v)/l
    return o,(q,k,v,kT,o,(m+jnp.log(l))[...,0],place)

def bwd(res,do):
    q,k,v,kT,o,lse,place=res
    T=k.shape[1]
    qT,doT,do=bar((q.transpose(0,2,1),do.transpose(0,2,1),do))
    delta=(do*o).sum(-1)
    sT=jnp.einsum('ntd,ndp->ntp',k,qT)
    pT=jnp.where(jnp.arange(T)[None,:,None]<=place[:,None,:],jnp.exp(sT-lse[:,None,:]),0)
    dpT=jnp.einsum('ntd,ndp->ntp',v,doT)
    dsT=pT*(dpT-delta[:,None,:])
    pT,dsT=bar((pT,dsT))
    dv=jnp.einsum('ntp,npd->ntd',pT,do)
    dk=jnp.einsum('ntp,npd->ntd',dsT,q)
    dqT=jnp.einsum('ndt,ntp->ndp',kT,dsT)
    dq=bar(dqT).transpose(0,2,1)
    return dq,dk,dv,None
core.defvjp(fwd,bwd)
